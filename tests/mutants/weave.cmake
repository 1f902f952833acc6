# Makes a copy of a source with the edits of mutants.cmake woven in:
#   cmake -DROOT=<checkout> -DSOURCE=host/run/machine.cpp -DOUT=<file> -P weave.cmake
# Each edit must find its text exactly once, so that a mutant cannot go away unnoticed when the code around it changes.
file(READ ${ROOT}/${SOURCE} text)

function(edit file old new)
  if(NOT file STREQUAL SOURCE)
    return()
  endif()
  string(FIND "${text}" "${old}" first)
  string(FIND "${text}" "${old}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "${SOURCE}: found not exactly once: ${old}")
  endif()
  string(REPLACE "${old}" "${new}" text "${text}")
  set(text "${text}" PARENT_SCOPE)
endfunction()
function(kill)
endfunction()

include(${CMAKE_CURRENT_LIST_DIR}/mutants.cmake)
file(WRITE ${OUT} "#include \"${CMAKE_CURRENT_LIST_DIR}/mutant.hpp\"\n#line 1 \"${ROOT}/${SOURCE}\"\n${text}")
