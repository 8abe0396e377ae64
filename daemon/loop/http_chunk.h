/* SPDX-License-Identifier: EUPL-1.2 */
/* The chunked coding, read strictly: size in hexadecimal, CR LF and nothing else between the parts,
 * bounded extensions and trailers (both thrown away). Written here because Debian's http-parser is
 * built lenient: it takes "3\rX" for a chunk line, and two readers that disagree about where a body
 * ends is what request smuggling is made of.
 * No ownership, no allocation. Test: tests/unit/test_http_parse.c; fuzzer: tests/fuzz/fuzz_http.c
 */
#ifndef CORV_LOOP_HTTP_CHUNK_H
#define CORV_LOOP_HTTP_CHUNK_H

#include <stdint.h>

#include "daemon/base/view.h"

#define CORV_CHUNK_EXT      256         /* extension bytes of one chunk */
#define CORV_CHUNK_EXTS     (16u << 10) /* of all chunks of a body */
#define CORV_CHUNK_TRAILERS (8u << 10)

struct corv_chunks {
    int state; /* private; zero is the start */
    unsigned digits;
    uint64_t left;
    unsigned ext;
    unsigned exts;
    unsigned trailers;
};

enum corv_chunk_step {
    CORV_CHUNK_MORE,
    CORV_CHUNK_DATA, /* *piece looks into in */
    CORV_CHUNK_END,
    CORV_CHUNK_BAD,   /* not the chunked coding */
    CORV_CHUNK_LIMIT, /* extensions or trailers too long */
};

enum corv_chunk_step corv_chunks_next(
    struct corv_chunks *c, struct corv_view *in, struct corv_view *piece);

#endif
