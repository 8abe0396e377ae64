/* SPDX-License-Identifier: EUPL-1.2 */
/* What is wrong with a message or a configuration: all of it at once, each with a place, a
 * rule and a sentence. A finding never quotes a value (promise 5): texts name elements and
 * rules, which are facts of the standard. The list is bounded; what does not fit is counted.
 * Owner: whoever declared the list. Thread: one at a time. Test: tests/unit/test_finding.c */
#ifndef CORV_BASE_FINDING_H
#define CORV_BASE_FINDING_H

#include <stddef.h>

#include "daemon/base/rc.h"

#define CORV_FINDINGS_MAX 100 /* kept; the rest is only counted */

enum corv_layer {
    CORV_LAYER_WELL_FORMED, /* not XML */
    CORV_LAYER_SECURITY,    /* refused before or while reading: DTD, entities, limits, encoding */
    CORV_LAYER_SCHEMA,      /* not what the XSD says */
    CORV_LAYER_RULE,        /* what no XSD can say */
    CORV_LAYER_ADDRESSING,  /* parties, mandates, routes */
    CORV_LAYER_CONFIG,      /* our own configuration */
};

enum corv_severity { CORV_SEV_ERROR, CORV_SEV_WARNING };

/* Who must act (PEERS.md 2-5: faults are read by different people). */
enum corv_actor {
    CORV_ACT_BEHANDELAAR, /* case worker: the data are wrong */
    CORV_ACT_BEHEERDER,   /* functional administrator: settings, mandates, parties */
    CORV_ACT_LEVERANCIER, /* supplier of the sending application: the XML is wrong */
    CORV_ACT_PARTNER,     /* the other organisation */
};

struct corv_finding {
    enum corv_layer layer;
    enum corv_severity severity;
    enum corv_actor actor;
    int line;         /* 1.., 0 when unknown */
    int column;       /* 1.., 0 when unknown */
    char code[48];    /* "schema.enumeration", "rule.bsn-elfproef": stable */
    char path[256];   /* /JZ:vtoDi01/JZ:object/…, with [n] where elements repeat; may be empty */
    char text[256];   /* plain Dutch, one sentence, no values */
    char article[64]; /* source of a rule: "RKJ bijlage 1", "koppelvlak A3.2"; may be empty */
};

struct corv_findings {
    struct corv_finding *list; /* owned */
    size_t count;              /* in list */
    size_t cap;
    size_t dropped; /* found but not kept */
    size_t errors;  /* severity error, dropped ones included */
};

void corv_findings_init(struct corv_findings *f);
void corv_findings_free(struct corv_findings *f);
/* Adds a copy. When memory is gone or the list is full the finding is only counted, so that
 * an error never turns into a yes. */
void corv_findings_add(struct corv_findings *f, const struct corv_finding *finding);
/* Short form; text as printf. line 0 = unknown, path NULL = none. */
void corv_findings_addf(struct corv_findings *f, enum corv_layer layer, enum corv_actor actor,
    const char *code, int line, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));
/* The same of a key of the configuration, for the beheerder. */
void corv_findings_setting(struct corv_findings *f, enum corv_severity severity, const char *code,
    const char *key, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

const char *corv_layer_name(enum corv_layer layer);   /* "well-formed", "schema", … */
const char *corv_severity_name(enum corv_severity s); /* "error", "warning" */
const char *corv_actor_name(enum corv_actor actor);   /* "behandelaar", … */

#endif
