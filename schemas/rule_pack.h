/* SPDX-License-Identifier: EUPL-1.2 */
/* A rule pack as data: XML files (schemas/rules/) read into tables, nothing compiled yet. A pack
 * is one or more files: exactly one has the root rulepack with id, version and date, the others
 * have the root rules. Names of lists and variables are shared by all files.
 *
 *   <rulepack xmlns="urn:corvd:rules:1" id version date for>
 *     <source id>…</source>                          where rules come from
 *     <list name><item>…</item></list>               values, for in-lijst()
 *     <let name kinds>XPATH</let>                    a node-set, once per message: $name
 *     <rule id kinds severity mode from article who>
 *       <each select test at kinds/>                 in every node of select test must be true
 *       <text>…</text><action>…</action>
 *     </rule>
 *
 * XPATH is what rule_expr.h takes of XPath 1.0, with the prefixes JZ, ZKN, BG, StUF, xmime, xsi;
 * the context of let and select is the root element of the message.
 * kinds are names of roots, with * as in file names. from is jjjj-mm-dd; before that day the rule
 * is off. The code of a rule is "rule." and its id.
 * Owner: whoever called _read; immutable then. Test: tests/unit/test_rule_pack.c */
#ifndef CORV_SCHEMAS_RULE_PACK_H
#define CORV_SCHEMAS_RULE_PACK_H

#include <libxml/parser.h>
#include <stdint.h>

#include "daemon/base/embedded.h"
#include "daemon/base/fault.h"
#include "daemon/base/finding.h"
#include "daemon/base/view.h"
#include "daemon/base/words.h"
#include "schemas/kind.h"

#define CORV_RULE_NS "urn:corvd:rules:1"

enum corv_rule_mode {
    CORV_RULE_OFF,
    CORV_RULE_WARN,    /* findings are warnings: the message goes on */
    CORV_RULE_ENFORCE, /* findings have the severity of the rule */
};

struct corv_rule_source {
    const char *id;
    const char *text;
};

struct corv_rule_list {
    struct corv_view name;
    struct corv_view *items; /* owned */
    size_t count;
    struct corv_words set; /* the same; owned */
};

struct corv_rule_let {
    const char *name;
    const char *select;
    uint32_t kinds; /* bit per enum corv_kind */
};

struct corv_rule_each {
    const char *select;
    const char *test;
    const char *at; /* from the node to the place of the finding; NULL: the node */
    uint32_t kinds;
};

struct corv_rule {
    const char *id;
    const char *code; /* "rule." + id */
    const char *article;
    const char *text;
    const char *action;
    const char *kinds_text; /* as written */
    enum corv_actor who;
    enum corv_severity severity;
    enum corv_rule_mode mode;
    int from; /* YYYYMMDD */
    uint32_t kinds;
    struct corv_rule_each *each; /* owned */
    size_t each_count;
};

struct corv_rule_pack {
    xmlDictPtr words; /* owned: all strings above */
    const char *id;
    const char *version;
    const char *date;
    const char *purpose; /* attribute for */
    struct corv_rule_source *sources;
    size_t sources_count;
    struct corv_rule_list *lists;
    size_t lists_count;
    struct corv_rule_let *lets;
    size_t lets_count;
    struct corv_rule *rules;
    size_t rules_count;
};

/* The pack that travels inside the binary; ends with a NULL name. */
extern const struct corv_embedded corv_embedded_rules[];

/* files ends with a NULL name. On an error the fault says file and line. */
CORV_MUST_CHECK corv_rc corv_rule_pack_read(
    const struct corv_embedded *files, struct corv_rule_pack **out, struct corv_fault *fault);
void corv_rule_pack_free(struct corv_rule_pack *p); /* accepts NULL */

/* NULL: the pack has none of that name. */
const struct corv_rule_list *corv_rule_list_by_name(
    const struct corv_rule_pack *p, struct corv_view name);
bool corv_rule_in_list(const struct corv_rule_list *l, struct corv_view value);
const struct corv_rule *corv_rule_by_code(const struct corv_rule_pack *p, const char *code);
const char *corv_rule_mode_name(enum corv_rule_mode mode); /* "uit", "waarschuwen", "afdwingen" */

#endif
