# SPDX-License-Identifier: EUPL-1.2
# corv_embed(OUT symbol FILES…): writes a C file with
#   const struct corv_embedded symbol[]  = {{name, bytes, size}, …, {0}};
# so that schemas and migrations travel inside the binary.
set(CORV_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed_run.cmake)
function(corv_embed out symbol)
    add_custom_command(
        OUTPUT ${out}
        COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DSYMBOL=${symbol}
                "-DFILES=${ARGN}" -P ${CORV_EMBED_SCRIPT}
        DEPENDS ${ARGN} ${CORV_EMBED_SCRIPT}
        COMMENT "embedding ${symbol}"
        VERBATIM)
endfunction()
