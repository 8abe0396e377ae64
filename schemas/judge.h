/* SPDX-License-Identifier: EUPL-1.2 */
/* All that a verdict needs beside the message: the schema sets in force, the rules with their
 * modes, and the reference list. Made aside at start and at each reload; immutable then and shared
 * by all workers. Counted, because a message under way keeps the one it is judged by.
 * Thread: new, hold and free on the loop thread (or the only thread); reading anywhere.
 * Test: tests/unit/test_judge.c */
#ifndef CORV_SCHEMAS_JUDGE_H
#define CORV_SCHEMAS_JUDGE_H

#include "schemas/rule.h"
#include "schemas/store_shelf.h"

struct corv_reference;
struct corv_judge;

struct corv_judge_options {
    const char *state_dir; /* of imported sets and lists; NULL: only what is in the binary */
    const struct corv_schema_choice *choices; /* copied */
    size_t choices_count;
    const struct corv_rule_setting *settings; /* copied, texts and all */
    size_t settings_count;
    bool no_rules; /* schema only */
};
/* CORV_E_INVALID: a set that is not there or cannot be used, or a setting that fits no rule; the
 * fault is a sentence for the operator. */
CORV_MUST_CHECK corv_rc corv_judge_new(
    const struct corv_judge_options *o, struct corv_judge **out, struct corv_fault *fault);
struct corv_judge *corv_judge_hold(struct corv_judge *j);
void corv_judge_free(struct corv_judge *j); /* gives one reference back; accepts NULL */

const struct corv_schemas *corv_judge_schemas(
    const struct corv_judge *j, enum corv_kind kind, const char *party, int day);
/* For explanations and the audit trail; borrowed. */
const char *corv_judge_set_name(
    const struct corv_judge *j, enum corv_kind kind, const char *party, int day);
const char *corv_judge_set_hash(
    const struct corv_judge *j, enum corv_kind kind, const char *party, int day);
const char *corv_judge_pack_version(const struct corv_judge *j); /* "" without rules */
const struct corv_reference *corv_judge_reference(const struct corv_judge *j); /* or NULL */
/* Adds the findings of the rules. */
CORV_MUST_CHECK corv_rc corv_judge_rules(const struct corv_judge *j,
    const struct corv_document *document, struct _xmlNode *message, enum corv_kind kind,
    const char *party, int day, struct corv_findings *findings);

#endif
