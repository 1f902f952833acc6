include(${CMAKE_CURRENT_LIST_DIR}/penstock-sdk-targets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/penstock-plugin.cmake)
