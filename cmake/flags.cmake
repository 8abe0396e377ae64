# SPDX-License-Identifier: EUPL-1.2
# The warnings and the hardening every target gets, and nothing else.
add_library(corv_flags INTERFACE)
target_compile_options(corv_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wformat=2 -Wundef
    -fno-common -fstack-protector-strong -fvisibility=hidden)
target_compile_definitions(corv_flags INTERFACE _GNU_SOURCE CORV_VERSION="${PROJECT_VERSION}")
target_include_directories(corv_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_link_options(corv_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(CORV_WERROR)
    target_compile_options(corv_flags INTERFACE -Werror)
endif()
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(corv_flags INTERFACE -fstack-clash-protection -fcf-protection)
endif()
if(CMAKE_C_COMPILER_ID MATCHES "Clang") # CORV_LOG without fields; gcc takes it in silence
    target_compile_options(corv_flags INTERFACE -Wno-gnu-zero-variadic-macro-arguments)
endif()
if(CORV_FUZZ) # or the fuzzer would not see which code its input reaches
    target_compile_options(corv_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CORV_SANITIZE)
    target_compile_options(corv_flags INTERFACE
        -fsanitize=${CORV_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g)
    target_link_options(corv_flags INTERFACE -fsanitize=${CORV_SANITIZE})
else()
    target_compile_definitions(corv_flags INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
    target_link_options(corv_flags INTERFACE -pie)
endif()
# In test builds a crash can be ordered (daemon/journey.h); a release has no such door.
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_definitions(corv_flags INTERFACE CORV_CRASH_POINTS)
endif()
