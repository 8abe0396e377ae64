/* SPDX-License-Identifier: EUPL-1.2 */
/* The XML reader, the base64 cutter, the schema layer and the envelope behind their one call.
 * Besides crashes and leaks: a verdict is always reached, a no always has a reason, a yes always
 * an envelope of that kind, the same bytes get the same verdict, and no finding is unbounded. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/verdict.h"

static struct corv_schemas *schemas;

int LLVMFuzzerInitialize(int *argc, char ***argv); // NOLINT: the library decides how it looks
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) // NOLINT
{
    (void)argc;
    (void)argv;
    corv_schemas_init();
    if (corv_schemas_new(&schemas, NULL) != CORV_OK)
        abort();
    return 0;
}

static void expect(int good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "broken promise: %s\n", what);
    abort();
}

static void check(const struct corv_verdict *v)
{
    expect(v->valid == (v->findings.errors == 0), "valid means no error");
    expect(v->valid == (v->envelope != NULL), "an envelope when valid, and only then");
    if (v->valid) {
        expect(v->kind != CORV_KIND_UNKNOWN && v->envelope->kind == v->kind, "kind of the valid");
        expect(v->envelope->referentienummer != NULL, "a reference in the valid");
    }
    for (size_t i = 0; i < v->findings.count; i++) {
        const struct corv_finding *f = &v->findings.list[i];

        expect(f->code[0] && memchr(f->code, 0, sizeof f->code), "code");
        expect(f->text[0] && memchr(f->text, 0, sizeof f->text), "text");
        expect(memchr(f->path, 0, sizeof f->path) != NULL, "path");
        expect(f->line >= 0 && f->column >= 0, "place");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* small limits, so that short inputs reach them */
    const struct corv_read_limits tight = {.bytes = 1 << 20,
        .depth = 20,
        .nodes = 500,
        .attributes = 12,
        .attribute_bytes = 200,
        .text_bytes = 300,
        .text_total = 8000,
        .comment_bytes = 100};
    struct corv_view bytes = corv_view_of(data, size);
    struct corv_verdict wide, narrow;

    if (corv_verdict_of(schemas, bytes, NULL, &wide) != CORV_OK)
        return 0; /* no memory under the fuzzer's limit */
    check(&wide);
    if (corv_verdict_of(schemas, bytes, &tight, &narrow) == CORV_OK) {
        check(&narrow);
        expect(wide.valid || !narrow.valid, "tighter limits never turn a no into a yes");
        corv_verdict_free(&narrow);
    }
    corv_verdict_free(&wide);
    return 0;
}
