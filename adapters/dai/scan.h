/* SPDX-License-Identifier: EUPL-1.2 */
/* A strict reader of tags: linear, without memory of its own, byte positions for everything. It
 * finds the message inside its wrapping, so that the message can be handed on byte for byte; what
 * the message itself is worth is for corvd's own reader. UTF-8 only, no DOCTYPE, no entities but
 * the five of XML; bounded depth and tags. Nothing is copied: texts point into the bytes.
 * Pure; any thread. Test: tests/unit/test_dai_read.c; fuzzer: tests/fuzz/fuzz_dai.c */
#ifndef CORV_ADAPTERS_DAI_SCAN_H
#define CORV_ADAPTERS_DAI_SCAN_H

#include <stdbool.h>

#include "adapters/corv_adapter.h"

#define DAI_DEPTH_MAX 256u
#define DAI_TAG_MAX   65536u /* bytes of one tag */

enum dai_token {
    DAI_START, /* name, attributes, begin; the element is open now, also when it is empty */
    DAI_END,   /* of the element that was open */
    DAI_TEXT,  /* text, with references in it */
    DAI_CDATA, /* text, as it is */
    DAI_PI,
    DAI_EOF, /* all elements are closed */
    DAI_BAD,
};

struct dai_place {
    struct corv_text name;
    struct corv_text attributes;
};

struct dai_scan {
    const char *p;
    const char *end;
    struct corv_text text; /* of DAI_TEXT and DAI_CDATA */
    const char *begin;     /* of the token */
    bool empty;            /* the last start tag closed itself: its end comes next */
    bool seen;             /* the root element was there */
    unsigned depth;        /* open elements */
    struct dai_place open[DAI_DEPTH_MAX];
};

/* Skips a byte order mark and an XML declaration. False: not UTF-8 by its own words. */
bool dai_scan_begin(struct dai_scan *s, struct corv_text bytes);
enum dai_token dai_scan_next(struct dai_scan *s);
/* The open element on top. */
const struct dai_place *dai_scan_here(const struct dai_scan *s);
/* Is the open element at that depth (1 = root) {ns}local? */
bool dai_scan_is(const struct dai_scan *s, unsigned depth, const char *ns, const char *local);
struct corv_text dai_scan_ns(const struct dai_scan *s, unsigned depth); /* raw; empty: none */
struct corv_text dai_local(struct corv_text name);
/* Next attribute of what rest still holds: name, raw value without quotes, all of it. */
bool dai_attribute_next(struct corv_text *rest, struct corv_text *name, struct corv_text *value,
    struct corv_text *whole);
bool dai_text_is(struct corv_text t, const char *s);
bool dai_text_eq(struct corv_text a, struct corv_text b);
bool dai_text_blank(struct corv_text t);

struct dai_value { /* a short value, gathered from pieces */
    char text[512];
    size_t n;
    bool overflow; /* it was longer, or no text */
};
void dai_value_add(struct dai_value *v, struct corv_text raw, bool cdata);
/* Without blanks around it; "" when it overflowed. */
const char *dai_value_get(struct dai_value *v);

#endif
