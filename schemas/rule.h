/* SPDX-License-Identifier: EUPL-1.2 */
/* The rules that no XSD can say: a pack (rule_pack.h), compiled, applied to documents that
 * passed the schema. Findings have layer rule and the code of the rule, and never a value.
 *
 * Whether a rule speaks is decided per message: by the pack (mode and date), then by the settings
 * of the operator in their order - the last one that fits the rule, the party and the day wins.
 * In mode warn every finding is a warning, so the message goes on.
 *
 * Immutable after _new and shared by all workers; inside, a pool of machines hands one to each
 * thread. The work per message is bounded (CORV_RULE_BUDGET); a message that needs more gets the
 * finding rule.niet-beoordeeld, an error when one of the rules left is enforced.
 * Test: tests/unit/test_rule.c, test_rule_pack_corpus.c; fuzzer: tests/fuzz/fuzz_rules.c */
#ifndef CORV_SCHEMAS_RULE_H
#define CORV_SCHEMAS_RULE_H

#include "schemas/rule_pack.h"

#define CORV_RULE_BUDGET   5000000 /* nodes looked at per message */
#define CORV_RULE_FINDINGS 10      /* of one rule in one message */

struct corv_rules;
struct corv_document;
struct corv_reference;

/* One line of the operator's settings. */
struct corv_rule_setting {
    const char *rule;  /* id of a rule, * as in file names: "bijlage1-*" */
    const char *party; /* id of the sending party; NULL: all */
    enum corv_rule_mode mode;
    int from; /* YYYYMMDD, 0: since ever */
};

struct corv_rule_input {
    const struct corv_document *document; /* borrowed; for the attachments that were cut out */
    struct _xmlNode *message;             /* root element of the message, inside SOAP or not */
    enum corv_kind kind;
    const char *party;                      /* id of the sending party, NULL when unknown */
    int today;                              /* YYYYMMDD in the Dutch calendar (corv_clock_day) */
    const struct corv_reference *reference; /* NULL: no list imported; its rules say nothing */
    const struct corv_rule_setting *settings;
    size_t settings_count;
};

/* files as corv_rule_pack_read; NULL: the pack in the binary. Compiles everything once and runs
 * it on an empty message, so that a pack that cannot work is refused here. */
CORV_MUST_CHECK corv_rc corv_rules_new(
    const struct corv_embedded *files, struct corv_rules **out, struct corv_fault *fault);
void corv_rules_free(struct corv_rules *r); /* accepts NULL; no worker may use it any more */
const struct corv_rule_pack *corv_rules_pack(const struct corv_rules *r); /* borrowed */

/* Adds findings. Any worker thread. CORV_OK: the rules were applied, findings tell;
 * CORV_E_NOMEM or CORV_E_INTERNAL: no verdict, answer 503. */
CORV_MUST_CHECK corv_rc corv_rules_apply(const struct corv_rules *rules,
    const struct corv_rule_input *input, struct corv_findings *findings);

/* The mode in force for a rule, a party and a day. Pure. */
enum corv_rule_mode corv_rule_mode_of(const struct corv_rule *rule,
    const struct corv_rule_setting *settings, size_t count, const char *party, int day);

#endif
