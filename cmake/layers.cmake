# SPDX-License-Identifier: EUPL-1.2
# corv_layer(NAME rank SOURCES… LINK…): a static library that may link only lower ranks.
function(corv_layer name rank)
    cmake_parse_arguments(L "" "" "SOURCES;LAYERS;LIBS" ${ARGN})
    if(NOT L_SOURCES) # a layer that is still empty
        file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}_empty.c "typedef int ${name}_empty;\n")
        set(L_SOURCES ${CMAKE_CURRENT_BINARY_DIR}/${name}_empty.c)
    endif()
    add_library(${name} STATIC ${L_SOURCES})
    set_target_properties(${name} PROPERTIES CORV_RANK ${rank})
    target_link_libraries(${name} PUBLIC corv_flags)
    foreach(lower IN LISTS L_LAYERS)
        get_target_property(lower_rank ${lower} CORV_RANK)
        if(NOT lower_rank LESS rank)
            message(FATAL_ERROR
                "layer ${name} (rank ${rank}) must not link ${lower} (rank ${lower_rank})")
        endif()
        target_link_libraries(${name} PUBLIC ${lower})
    endforeach()
    target_link_libraries(${name} PUBLIC ${L_LIBS})
endfunction()
