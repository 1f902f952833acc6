# Standard headers compiled once, for the sanitized builds: there they take a quarter of the time. Not in the plain one, which says
# when a file does not include what it uses.
if(PENSTOCK_SANITIZE)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.cpp CONTENT "")
  # Of the host, and of plugins, which hide what they do not export.
  foreach(name host_precompiled plugins_precompiled)
    add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/precompiled.cpp)
    target_precompile_headers(${name} PRIVATE
      <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <cstdint> <cstdio> <cstdlib> <cstring> <deque> <functional>
      <limits> <map> <memory> <mutex> <optional> <set> <span> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>)
  endforeach()
  set_target_properties(plugins_precompiled PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(plugins_precompiled PRIVATE -fno-gnu-unique)
  endif()
endif()

# penstock_precompile(FROM target…): these use the headers of FROM (host_precompiled or plugins_precompiled).
function(penstock_precompile from)
  if(PENSTOCK_SANITIZE)
    foreach(target ${ARGN})
      target_precompile_headers(${target} REUSE_FROM ${from})
    endforeach()
  endif()
endfunction()
