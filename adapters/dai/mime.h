/* SPDX-License-Identifier: EUPL-1.2 */
/* MTOM (multipart/related with application/xop+xml): puts the parts back in their places as base64,
 * so that what is read, checked and kept is the message itself. Everything else of the root part
 * stays byte for byte. Any thread. Test: tests/unit/test_dai_read.c; fuzzer: tests/fuzz/fuzz_dai.c
 */
#ifndef CORV_ADAPTERS_DAI_MIME_H
#define CORV_ADAPTERS_DAI_MIME_H

#include <stdbool.h>

#include "adapters/corv_adapter.h"

enum dai_unpack {
    DAI_UNPACK_NOTHING, /* no multipart: the body is what it is */
    DAI_UNPACK_DONE,    /* *out is owned by the caller */
    DAI_UNPACK_MEMORY,
    DAI_UNPACK_SIZE, /* larger than max */
    DAI_UNPACK_BAD,  /* parts, references or their form are wrong */
};
enum dai_unpack dai_mime_unpack(
    struct corv_text content_type, struct corv_text body, size_t max, char **out, size_t *n);

/* The media type without its parameters is this one (without regard to case). */
bool dai_mime_is(struct corv_text content_type, const char *type);
/* A parameter's value, unquoted; empty when absent. Points into content_type. */
struct corv_text dai_mime_parameter(struct corv_text content_type, const char *name);

#endif
