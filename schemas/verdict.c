/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/verdict.h"

#include <libxml/xmlerror.h>
#include <stdio.h>
#include <stdlib.h>

#include "schemas/envelope_read.h"
#include "schemas/judge.h"
#include "schemas/reader.h"
#include "schemas/schema_check.h"
#include "schemas/schema_set.h"
#include "schemas/soap.h"
#include "schemas/xml_memory.h"
#include "schemas/xml_path.h"
#include "schemas/xml_pool.h"

const struct corv_read_limits corv_read_limits_default = {
    .bytes = (size_t)35 * 1024 * 1024,
    .depth = 200,                     /* ordinary messages: 11 */
    .nodes = 40000,                   /* 350; building them is what a flood costs */
    .attributes = 64,                 /* 7 */
    .attribute_bytes = 16384,         /* 93 */
    .text_bytes = (size_t)256 * 1024, /* 20 KB */
    .text_total = (size_t)4 * 1024 * 1024,
    .comment_bytes = (size_t)64 * 1024,
};

static corv_rc check_kind(xmlNodePtr message, struct corv_verdict *v)
{
    char path[256];

    v->kind = message->ns ? corv_kind_of(corv_view_str((const char *)message->ns->href),
                                corv_view_str((const char *)message->name))
                          : CORV_KIND_UNKNOWN;
    if (v->kind != CORV_KIND_UNKNOWN)
        return CORV_OK;
    corv_node_path(message, NULL, path, sizeof path);
    corv_findings_addf(&v->findings, CORV_LAYER_SCHEMA, CORV_ACT_LEVERANCIER, "schema.unknown-kind",
        corv_node_line(message), path, "Dit bericht is geen bekende berichtsoort.");
    return CORV_E_INVALID;
}

/* Control characters (C0, C1, line and paragraph separator) in UTF-8. */
static bool has_control(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    for (; p && *p; p++)
        if (*p < 0x20 || *p == 0x7F || (*p == 0xC2 && p[1] < 0xA0) ||
            (*p == 0xE2 && p[1] == 0x80 && (p[2] == 0xA8 || p[2] == 0xA9)))
            return true;
    return false;
}

/* The header is copied into answers, audit and screens: a line break in a reference is an
 * attempt to forge them, and the schema lets it pass. */
static corv_rc check_header(const struct corv_envelope *e, struct corv_findings *findings)
{
    const struct {
        const char *value;
        const char *path;
        int line;
    } fields[] = {
        {e->zender.organisatie, "StUF:zender/StUF:organisatie", e->line_zender},
        {e->zender.applicatie, "StUF:zender/StUF:applicatie", e->line_zender},
        {e->zender.administratie, "StUF:zender/StUF:administratie", e->line_zender},
        {e->zender.gebruiker, "StUF:zender/StUF:gebruiker", e->line_zender},
        {e->ontvanger.organisatie, "StUF:ontvanger/StUF:organisatie", e->line_ontvanger},
        {e->ontvanger.applicatie, "StUF:ontvanger/StUF:applicatie", e->line_ontvanger},
        {e->ontvanger.administratie, "StUF:ontvanger/StUF:administratie", e->line_ontvanger},
        {e->ontvanger.gebruiker, "StUF:ontvanger/StUF:gebruiker", e->line_ontvanger},
        {e->referentienummer, "StUF:referentienummer", e->line_referentienummer},
        {e->crossrefnummer, "StUF:crossRefnummer", e->line_referentienummer},
    };
    const char *prefix = corv_kind_family(e->kind) == CORV_FAMILY_STUF ? "StUF" : "JZ";
    corv_rc rc = CORV_OK;
    char path[256];

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!has_control(fields[i].value))
            continue;
        (void)snprintf(path, sizeof path, "/%s:%s/%s:stuurgegevens/%s", prefix,
            corv_kind_name(e->kind), prefix, fields[i].path);
        corv_findings_addf(findings, CORV_LAYER_SECURITY, CORV_ACT_LEVERANCIER,
            "security.control-character", fields[i].line, path,
            "In de stuurgegevens staat een regeleinde of ander stuurteken; dat mag niet.");
        rc = CORV_E_INVALID;
    }
    return rc;
}

/* Who judges: one set alone, or all that is in force. */
struct bench {
    const struct corv_schemas *only; /* NULL: by judge */
    const struct corv_judge *judge;
    const char *party;
    int day;
};

static const struct corv_schemas *pick(const struct bench *b, struct corv_verdict *v)
{
    if (b->only)
        return b->only;
    (void)snprintf(v->schema_set, sizeof v->schema_set, "%s",
        corv_judge_set_name(b->judge, v->kind, b->party, b->day));
    (void)snprintf(v->rule_pack, sizeof v->rule_pack, "%s", corv_judge_pack_version(b->judge));
    return corv_judge_schemas(b->judge, v->kind, b->party, b->day);
}

static corv_rc check_schema(
    const struct bench *b, struct corv_document *d, xmlNodePtr message, struct corv_verdict *v)
{
    xmlSchemaPtr schema = corv_schemas_for(pick(b, v), corv_kind_family(v->kind));

    if (schema)
        return corv_schema_check(schema, d, message, &v->findings);
    corv_findings_addf(&v->findings, CORV_LAYER_SCHEMA, CORV_ACT_BEHEERDER, "schema.not-available",
        0, NULL, "Voor deze berichtsoort is geen schema in gebruik.");
    return CORV_E_INVALID;
}

/* One layer after another; the first that refuses ends it. */
static corv_rc judge(const struct bench *b, struct corv_document *d, struct corv_verdict *v)
{
    xmlNodePtr message = NULL;
    bool soap = false;
    corv_rc rc = corv_soap_message(d, &message, &soap, &v->findings);

    if (rc == CORV_OK)
        rc = check_kind(message, v);
    if (rc == CORV_OK)
        rc = check_schema(b, d, message, v);
    if (rc == CORV_OK)
        rc = corv_envelope_read(message, v->kind, soap, &v->envelope);
    if (rc == CORV_OK)
        rc = check_header(v->envelope, &v->findings);
    if (rc == CORV_OK && !b->only)
        rc = corv_judge_rules(b->judge, d, message, v->kind, b->party, b->day, &v->findings);
    return rc;
}

static corv_rc verdict(const struct bench *b, struct corv_view bytes,
    const struct corv_read_limits *limits, struct corv_verdict *v)
{
    struct corv_document d;
    corv_rc rc;

    *v = (struct corv_verdict){0};
    corv_findings_init(&v->findings);
    corv_xml_memory_clear();
    corv_xml_pool_open();
    rc = corv_document_read(bytes, limits ? limits : &corv_read_limits_default, &d, &v->findings);
    v->kind = d.kind;
    if (rc == CORV_OK)
        rc = judge(b, &d, v);
    corv_document_free(&d);
    xmlResetLastError(); /* this thread's last error may quote the message */
    corv_xml_pool_close();
    if (corv_xml_memory_failed())
        rc = CORV_E_NOMEM;
    v->valid = rc == CORV_OK && v->findings.errors == 0;
    if (!v->valid) {
        corv_envelope_free(v->envelope);
        v->envelope = NULL;
    }
    return rc == CORV_E_INVALID ? CORV_OK : rc;
}

corv_rc corv_verdict_of(const struct corv_schemas *s, struct corv_view bytes,
    const struct corv_read_limits *limits, struct corv_verdict *v)
{
    const struct bench b = {.only = s};

    return verdict(&b, bytes, limits, v);
}

corv_rc corv_verdict_by(
    const struct corv_judge *j, const struct corv_verdict_input *in, struct corv_verdict *v)
{
    const struct bench b = {.judge = j, .party = in->party, .day = in->day};

    return verdict(&b, in->bytes, in->limits, v);
}

void corv_verdict_free(struct corv_verdict *v)
{
    if (!v)
        return;
    corv_findings_free(&v->findings);
    corv_envelope_free(v->envelope);
    *v = (struct corv_verdict){0};
}
