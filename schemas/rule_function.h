/* SPDX-License-Identifier: EUPL-1.2 */
/* The functions a rule may use besides those of XPath 1.0. n is a node-set, s a string or the
 * first node of a node-set. A node with xsi:nil counts as absent everywhere.
 *
 *   waarde(n)                the text of the first node that is not nil, trimmed; ""
 *   gevuld(n)                some node has a text
 *   aanwezig(n)              the nodes that are not nil
 *   diep(n, namen)           the elements below with one of these names: 'BG:inp.bsn BG:rni'
 *   extra(n, naam)           the StUF:extraElement children of that name, not nil
 *   dubbel(n)                the nodes whose text stood in an earlier node
 *   huidig()                 the node of the each that is being tested
 *   naam(n), pad(n)          prefix:name; path from the message, without numbers
 *   in-lijst(naam, s)        the list of the pack has it
 *   vaste-waarde(n, waarden, plaatsen)   the attribute stands at a place, as JZ:a/ZKN:b, that the
 *                            second list has not, or the first list has place=value
 *   elfproef(s)              a BSN that can exist
 *   datum-geldig(n)          a real date, as far as StUF:indOnvolledigeDatum says it is known
 *   datum-na(a, b)           a lies certainly after b; false when one of them is no date
 *   datum-plus(a, dagen)     the day of a moved, as text; "" when a is no date
 *   vandaag()                today as text
 *   tijdstip-geldig(s)       a real moment
 *   bestandsnaam-geldig(s)   allowed characters; bestandsnaam-leesbaar(s) allows é and ü too
 *   extensie(s)              what stands after the last dot, in lower case
 *   bijlage-bytes(n)         bytes the attachments decode to, together
 *   bijlage-zuiver(n)        no characters outside base64 in the first of them
 *   instantie-bekend(s)      in the reference list, or no list was imported, or an OIN
 *   instantie-actief(s, d)   not ended in that list on day d
 *
 * Each costs time that is linear in what it reads, and counts it with the run's budget. The
 * functions of XPath itself are in rule_core.h. Test: tests/unit/test_rule_expr.c */
#ifndef CORV_SCHEMAS_RULE_FUNCTION_H
#define CORV_SCHEMAS_RULE_FUNCTION_H

#include "schemas/rule_value.h"

#define CORV_RULE_ARGUMENTS 8

struct corv_rule_expr;
struct corv_rule_place;

struct corv_rule_call {
    struct corv_rule_run *run;
    const struct corv_rule_place *place;
    const struct corv_rule_expr *said; /* the arguments as written; NULL: unknown */
    const struct corv_rule_value *arguments;
    unsigned count;
    unsigned deep; /* the request that found it all, when asked of the message; or 0 */
};

struct corv_rule_function {
    const char *name;
    /* out has its type already, and is empty, zero or false. */
    void (*run)(const struct corv_rule_call *c, struct corv_rule_value *out);
    unsigned least; /* arguments */
    unsigned most;
    enum corv_rule_type gives;
    unsigned nodes;  /* bit per argument that must be nodes */
    bool positional; /* asks for the place among its siblings */
    bool deep;       /* the second argument names what is looked for at any depth */
};

/* NULL: there is none of that name, here or in rule_core.h. */
const struct corv_rule_function *corv_rule_function_find(struct corv_view name);

#endif
