/* SPDX-License-Identifier: EUPL-1.2 */
/* Any document the reader lets through, under all rules. The first byte chooses the kind the rules
 * take it for, so that every rule meets documents that its schema would have refused. Whatever it
 * is: the rules come to an end within the budget, a finding never quotes a value (no digits of
 * five in a row in path or text), and in mode warn nothing is an error. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/reader.h"
#include "schemas/rule.h"
#include "schemas/soap.h"
#include "schemas/verdict.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct corv_rules *rules;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct corv_fault fault = {0};

    (void)argc;
    (void)argv;
    corv_schemas_init();
    if (corv_rules_new(NULL, &rules, &fault) != CORV_OK)
        abort();
    return 0;
}

static bool quotes(const char *text)
{
    unsigned run = 0;

    for (; *text; text++) {
        run = *text >= '0' && *text <= '9' ? run + 1 : 0;
        if (run == 6) /* a line or position number has fewer */
            return true;
    }
    return false;
}

static void look(const struct corv_findings *f, bool warn)
{
    if (warn && f->errors)
        abort();
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].layer == CORV_LAYER_RULE &&
            (quotes(f->list[i].path) || quotes(f->list[i].text)))
            abort();
}

static void judge(const struct corv_document *d, xmlNodePtr message, enum corv_kind kind, bool warn)
{
    const struct corv_rule_setting all = {"*", NULL, CORV_RULE_WARN, 0};
    struct corv_rule_input in = {.document = d,
        .message = message,
        .kind = kind,
        .today = 20260615,
        .settings = &all,
        .settings_count = warn};
    struct corv_findings f;

    corv_findings_init(&f);
    if (corv_rules_apply(rules, &in, &f) != CORV_OK)
        abort(); /* no memory is short here */
    look(&f, warn);
    corv_findings_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct corv_document d = {0};
    struct corv_findings f;
    xmlNodePtr message = NULL;
    bool soap;

    if (size < 2)
        return 0;
    corv_findings_init(&f);
    if (corv_document_read(corv_view_of(data + 1, size - 1), &corv_read_limits_default, &d, &f) ==
            CORV_OK &&
        corv_soap_message(&d, &message, &soap, &f) == CORV_OK) {
        int kind = data[0] & 31;

        if (kind == CORV_KIND_UNKNOWN || kind >= CORV_KIND_KENNISGEVING)
            kind = (int)d.kind;
        if (kind > CORV_KIND_UNKNOWN && kind < CORV_KIND_KENNISGEVING)
            judge(&d, message, (enum corv_kind)kind, data[0] & 32);
    }
    corv_findings_free(&f);
    corv_document_free(&d);
    xmlResetLastError();
    return 0;
}
