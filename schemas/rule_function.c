/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_function.h"

#include <libxml/hash.h>
#include <libxml/xpath.h>

#include "schemas/reader.h"
#include "schemas/reference.h"
#include "schemas/rule_core.h"
#include "schemas/rule_date.h"
#include "schemas/rule_deep.h"
#include "schemas/rule_expr.h"
#include "schemas/rule_name.h"
#include "schemas/rule_node.h"
#include "schemas/rule_pack.h"
#include "schemas/rule_text.h"
#include "schemas/xml_path.h"

/* ---- arguments --------------------------------------------------------------------------------
 */

static const struct corv_rule_scene *scene_of(const struct corv_rule_call *c)
{
    return &c->run->scene;
}

/* The first node that is not nil; NULL for a text, or when there is none. */
static const xmlNode *node(const struct corv_rule_call *c, unsigned i)
{
    const struct corv_rule_value *v = &c->arguments[i];

    if (v->type != CORV_RULE_NODES)
        return NULL;
    for (size_t k = 0; k < v->nodes.count; k++)
        if (!corv_rule_is_nil(v->nodes.list[k]))
            return v->nodes.list[k];
    return NULL;
}

static struct corv_view text_of(const struct corv_rule_call *c, const xmlNode *n)
{
    return corv_rule_trim(corv_rule_string_of(c->run, n));
}

/* A text, or that of the first node that is not nil; trimmed. */
static struct corv_view text(const struct corv_rule_call *c, unsigned i)
{
    const xmlNode *n = node(c, i);

    if (n)
        return text_of(c, n);
    if (c->arguments[i].type == CORV_RULE_NODES)
        return corv_view_of("", 0);
    return corv_rule_trim(corv_rule_to_text(c->run, &c->arguments[i]));
}

static void give_copy(
    const struct corv_rule_call *c, struct corv_view v, struct corv_rule_value *out)
{
    char *copy = corv_rule_take(c->run, v.n + 1);

    if (!copy)
        return;
    memcpy(copy, v.p, v.n);
    out->text = corv_view_of(copy, v.n);
}

/* ---- nodes and their texts --------------------------------------------------------------------
 */

static void f_waarde(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->text = text(c, 0);
}

static void f_gevuld(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const struct corv_rule_nodes *from = &c->arguments[0].nodes;

    for (size_t i = 0; i < from->count && !out->yes && c->run->rc == CORV_OK; i++)
        out->yes = !corv_rule_is_nil(from->list[i]) && text_of(c, from->list[i]).n > 0;
}

static void f_aanwezig(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const struct corv_rule_nodes *from = &c->arguments[0].nodes;

    for (size_t i = 0; i < from->count; i++)
        if (!corv_rule_is_nil(from->list[i]) &&
            !corv_rule_nodes_add(c->run, &out->nodes, from->list[i]))
            return;
}

static void add_extras(const struct corv_rule_call *c, const xmlNode *holder, struct corv_view name,
    struct corv_rule_nodes *into)
{
    for (const xmlNode *block = holder->children; block; block = block->next) {
        if (block->name[0] != 'e' || !corv_node_is(block, CORV_NS_STUF, "extraElementen"))
            continue;
        const xmlNode *last = NULL; /* that was one: most have the very same name */

        for (const xmlNode *e = block->children; e; e = e->next) {
            if ((!last || e->name != last->name || e->ns != last->ns) &&
                !corv_node_is(e, CORV_NS_STUF, "extraElement"))
                continue;
            last = e;
            if (corv_view_eq(corv_rule_trim(corv_rule_attribute(e, NULL, "naam")), name) &&
                !corv_rule_is_nil(e) && !corv_rule_nodes_add(c->run, into, e))
                return;
        }
    }
}

static void f_extra(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const struct corv_rule_nodes *from = &c->arguments[0].nodes;
    struct corv_view name = text(c, 1);

    for (size_t i = 0; i < from->count && c->run->rc == CORV_OK; i++)
        if (from->list[i]->type == XML_ELEMENT_NODE)
            add_extras(c, from->list[i], name, &out->nodes);
    (void)corv_rule_spend(c->run, 1 + out->nodes.count);
    if (from->count > 1)
        corv_rule_nodes_order(c->run, &out->nodes);
}

static bool is_wanted(const xmlNode *e, const struct corv_rule_wanted *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->list[i].name.p[0] == (char)e->name[0] &&
            corv_view_is(w->list[i].name, (const char *)e->name) && e->ns &&
            strcmp((const char *)e->ns->href, w->list[i].ns) == 0)
            return true;
    return false;
}

static void walk_deep(
    const struct corv_rule_call *c, const struct corv_rule_wanted *w, struct corv_rule_nodes *into)
{
    const struct corv_rule_nodes *from = &c->arguments[0].nodes;
    size_t seen = 0;

    for (size_t i = 0; i < from->count && c->run->rc == CORV_OK; i++)
        for (const xmlNode *e = from->list[i]; (e = corv_rule_next(e, from->list[i])); seen++)
            if (e->type == XML_ELEMENT_NODE && is_wanted(e, w) &&
                !corv_rule_nodes_add(c->run, into, e))
                return;
    (void)corv_rule_spend(c->run, 1 + seen);
    if (from->count > 1)
        corv_rule_nodes_order(c->run, into);
}

static void f_diep(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const struct corv_rule_nodes *from = &c->arguments[0].nodes;
    struct corv_rule_wanted wanted;

    if (c->deep && from->count == 1 && from->list[0] == c->run->message) {
        out->nodes = c->run->deep[c->deep];
        return;
    }
    corv_rule_wanted_read(text(c, 1), &wanted);
    walk_deep(c, &wanted, &out->nodes);
}

/* False when this text was there before, or there is no memory. */
static bool first_time(const struct corv_rule_call *c, xmlHashTablePtr seen, struct corv_view text)
{
    xmlChar *key = xmlStrndup(BAD_CAST text.p, (int)text.n);
    /* The key is copied or kept in the table's dictionary; adding fails when it is there. */
    bool first = key && xmlHashAddEntry(seen, key, seen) == 0;

    if (!key && c->run->rc == CORV_OK)
        c->run->rc = CORV_E_NOMEM;
    xmlFree(key);
    return first;
}

static void f_dubbel(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const struct corv_rule_nodes *from = &c->arguments[0].nodes;
    xmlHashTablePtr seen;

    if (from->count < 2)
        return;
    seen = xmlHashCreate((int)from->count + 1);
    if (!seen)
        c->run->rc = CORV_E_NOMEM;
    for (size_t i = 0; seen && i < from->count && c->run->rc == CORV_OK; i++) {
        struct corv_view text = {"", 0};

        if (!corv_rule_is_nil(from->list[i]))
            text = text_of(c, from->list[i]);
        if (text.n && !first_time(c, seen, text))
            (void)corv_rule_nodes_add(c->run, &out->nodes, from->list[i]);
    }
    xmlHashFree(seen, NULL);
}

static void f_huidig(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    if (scene_of(c)->current)
        (void)corv_rule_nodes_add(c->run, &out->nodes, scene_of(c)->current);
}

static void f_naam(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const xmlNode *n = node(c, 0);

    give_copy(c, n ? corv_rule_name(c->run->names, n) : corv_view_of("", 0), out);
}

/* /JZ:a/ZKN:b[2] without the [2]. */
static void f_pad(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    char path[256] = "";
    size_t kept = 0;
    bool inside = false;

    corv_node_path(node(c, 0), NULL, path, sizeof path);
    for (const char *p = path; *p; p++) {
        inside = inside || *p == '[';
        if (!inside)
            path[kept++] = *p;
        inside = inside && *p != ']';
    }
    (void)corv_rule_spend(c->run, 8);
    give_copy(c, corv_view_of(path, kept), out);
}

/* ---- values -----------------------------------------------------------------------------------
 */

/* Nearly always its name is a text in the rule, and was looked up when that was read. */
static const struct corv_rule_list *list(const struct corv_rule_call *c, unsigned i)
{
    const struct corv_rule_expr *said = c->said;
    const struct corv_rule_list *found;

    for (unsigned k = 0; said && k < i; k++)
        said = said->next;
    found = said && said->list ? said->list : corv_rule_list_by_name(scene_of(c)->pack, text(c, i));
    if (!found && c->run->rc == CORV_OK)
        c->run->rc = CORV_E_INTERNAL;
    return found;
}

static void f_in_lijst(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const struct corv_rule_list *values = list(c, 1);

    out->yes = values && corv_rule_in_list(values, text(c, 0));
}

/* naam(), into out; how long it is. */
static size_t name_of(const struct corv_rule_call *c, const xmlNode *n, char out[CORV_NAME_TEXT])
{
    struct corv_view name = {"", 0};

    if (n && !corv_rule_is_nil(n))
        name = corv_rule_name(c->run->names, n);
    memcpy(out, name.p, name.n);
    return name.n;
}

/* Of an attribute: ZKN:heeftRelevant/ZKN:gerelateerde=EDC. *place is as long as the first part. */
static struct corv_view placed_value(
    const struct corv_rule_call *c, const xmlNode *attribute, size_t *place)
{
    struct corv_view value = corv_rule_string_of(c->run, attribute);
    char *all = corv_rule_take(c->run, (size_t)2 * CORV_NAME_TEXT + 2 + value.n);
    size_t n;

    *place = 0;
    if (!all)
        return corv_view_of("", 0);
    n = name_of(c, attribute->parent->parent, all);
    all[n++] = '/';
    *place = n += name_of(c, attribute->parent, all + n);
    all[n++] = '=';
    memcpy(all + n, value.p, value.n);
    return corv_rule_trim(corv_view_of(all, n + value.n));
}

static void f_vaste_waarde(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const struct corv_rule_list *values = list(c, 1), *places = list(c, 2);
    const struct corv_rule_nodes *from = &c->arguments[0].nodes;
    struct corv_view both;
    size_t place;

    out->yes = true;
    if (c->run->rc != CORV_OK || !from->count || from->list[0]->type != XML_ATTRIBUTE_NODE)
        return;
    both = placed_value(c, from->list[0], &place);
    out->yes =
        corv_rule_in_list(values, both) || !corv_rule_in_list(places, corv_view_of(both.p, place));
}

static void f_elfproef(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->yes = corv_rule_bsn(text(c, 0));
}

static void f_tijdstip_geldig(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->yes = corv_rule_moment_valid(text(c, 0));
}

/* Not trimmed: a space in front is what the rule is about. */
static struct corv_view whole(const struct corv_rule_call *c)
{
    return corv_rule_to_text(c->run, &c->arguments[0]);
}

static void f_bestandsnaam_geldig(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->yes = corv_rule_file_name(whole(c), false);
}

static void f_bestandsnaam_leesbaar(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->yes = corv_rule_file_name(whole(c), true);
}

static void f_extensie(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    char extension[16];

    give_copy(c, corv_view_str(corv_rule_extension(text(c, 0), extension)), out);
}

/* ---- days -------------------------------------------------------------------------------------
 */

/* How much of the date is known; V when nothing says so. */
static char known_part(const xmlNode *n)
{
    struct corv_view value = {"V", 1};

    if (n)
        value = corv_rule_attribute(n, CORV_NS_STUF, "indOnvolledigeDatum");
    if (!value.n)
        return 'V';
    return value.p[0];
}

static struct corv_rule_date day(const struct corv_rule_call *c, unsigned i)
{
    return corv_rule_day_of(text(c, i), known_part(node(c, i)));
}

static void f_datum_geldig(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->yes = corv_rule_date_read(text(c, 0), known_part(node(c, 0))).valid;
}

static void f_datum_na(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->yes = corv_rule_date_after(day(c, 0), day(c, 1));
}

static void give_day(const struct corv_rule_call *c, int date, struct corv_rule_value *out)
{
    char digits[8];

    out->text = corv_view_of("", 0);
    if (!date)
        return;
    for (size_t i = sizeof digits; i-- > 0; date /= 10)
        digits[i] = (char)('0' + date % 10);
    give_copy(c, corv_view_of(digits, sizeof digits), out);
}

static void f_datum_plus(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    double days = corv_rule_to_number(c->run, &c->arguments[1]);
    struct corv_rule_date from = day(c, 0);

    if (!(days > -400000 && days < 400000) || !from.valid || from.first != from.last)
        give_day(c, 0, out);
    else
        give_day(c, corv_rule_day_plus(from.first, (int)days), out);
}

static void f_vandaag(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    give_day(c, scene_of(c)->today, out);
}

/* ---- attachments ------------------------------------------------------------------------------
 */

/* As the reader counted it while it cut the text out; from the tree when there was no reader. */
static struct corv_base64 base64_of(const struct corv_rule_call *c, const xmlNode *n)
{
    const struct corv_document *d = scene_of(c)->document;
    const struct corv_attachment *a = d ? corv_document_attachment(d, n) : NULL;
    struct corv_base64 base64 = {0};

    if (d) /* the look-up walked the list */
        (void)corv_rule_spend(c->run, d->attachments_count / 16);
    if (a)
        return a->base64;
    (void)corv_base64_add(&base64, text_of(c, n));
    return base64;
}

static void f_bijlage_bytes(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const struct corv_rule_nodes *from = &c->arguments[0].nodes;

    for (size_t i = 0; i < from->count && c->run->rc == CORV_OK; i++) {
        struct corv_base64 base64 = base64_of(c, from->list[i]);

        out->number += (double)corv_base64_bytes(&base64);
    }
}

static void f_bijlage_zuiver(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const xmlNode *n = node(c, 0);

    out->yes = !n || base64_of(c, n).strange == 0;
}

/* ---- instances --------------------------------------------------------------------------------
 */

static bool is_oin(struct corv_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] < '0' || v.p[i] > '9')
            return false;
    return v.n == 20;
}

static void f_instantie_bekend(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const struct corv_reference *r = scene_of(c)->reference;
    struct corv_view who = text(c, 0);

    out->yes = !r || is_oin(who) || corv_reference_by_code(r, who);
}

static void f_instantie_actief(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const struct corv_reference *r = scene_of(c)->reference;
    const struct corv_instance *found = NULL;
    struct corv_rule_date on = day(c, 1);
    struct corv_view who = text(c, 0);

    if (r && on.valid)
        found =
            is_oin(who) ? corv_reference_by_oin(r, who, on.first) : corv_reference_by_code(r, who);
    out->yes = !found || corv_instance_valid(found, on.first);
}

/* ---- the table --------------------------------------------------------------------------------
 */

static const struct corv_rule_function functions[] = {
    {"waarde", f_waarde, 1, 1, CORV_RULE_TEXT, 0, false, false},
    {"gevuld", f_gevuld, 1, 1, CORV_RULE_BOOL, 1, false, false},
    {"aanwezig", f_aanwezig, 1, 1, CORV_RULE_NODES, 1, false, false},
    {"diep", f_diep, 2, 2, CORV_RULE_NODES, 1, false, true},
    {"extra", f_extra, 2, 2, CORV_RULE_NODES, 1, false, false},
    {"dubbel", f_dubbel, 1, 1, CORV_RULE_NODES, 1, false, false},
    {"huidig", f_huidig, 0, 0, CORV_RULE_NODES, 0, false, false},
    {"naam", f_naam, 1, 1, CORV_RULE_TEXT, 1, false, false},
    {"pad", f_pad, 1, 1, CORV_RULE_TEXT, 1, false, false},
    {"in-lijst", f_in_lijst, 2, 2, CORV_RULE_BOOL, 0, false, false},
    {"vaste-waarde", f_vaste_waarde, 3, 3, CORV_RULE_BOOL, 1, false, false},
    {"elfproef", f_elfproef, 1, 1, CORV_RULE_BOOL, 0, false, false},
    {"datum-geldig", f_datum_geldig, 1, 1, CORV_RULE_BOOL, 0, false, false},
    {"datum-na", f_datum_na, 2, 2, CORV_RULE_BOOL, 0, false, false},
    {"datum-plus", f_datum_plus, 2, 2, CORV_RULE_TEXT, 0, false, false},
    {"vandaag", f_vandaag, 0, 0, CORV_RULE_TEXT, 0, false, false},
    {"tijdstip-geldig", f_tijdstip_geldig, 1, 1, CORV_RULE_BOOL, 0, false, false},
    {"bestandsnaam-geldig", f_bestandsnaam_geldig, 1, 1, CORV_RULE_BOOL, 0, false, false},
    {"bestandsnaam-leesbaar", f_bestandsnaam_leesbaar, 1, 1, CORV_RULE_BOOL, 0, false, false},
    {"extensie", f_extensie, 1, 1, CORV_RULE_TEXT, 0, false, false},
    {"bijlage-bytes", f_bijlage_bytes, 1, 1, CORV_RULE_NUMBER, 1, false, false},
    {"bijlage-zuiver", f_bijlage_zuiver, 1, 1, CORV_RULE_BOOL, 0, false, false},
    {"instantie-bekend", f_instantie_bekend, 1, 1, CORV_RULE_BOOL, 0, false, false},
    {"instantie-actief", f_instantie_actief, 2, 2, CORV_RULE_BOOL, 0, false, false},
    {0},
};

static const struct corv_rule_function *in_table(
    const struct corv_rule_function *table, struct corv_view name)
{
    for (; table->name; table++)
        if (corv_view_is(name, table->name))
            return table;
    return NULL;
}

const struct corv_rule_function *corv_rule_function_find(struct corv_view name)
{
    const struct corv_rule_function *f = in_table(functions, name);

    return f ? f : in_table(corv_rule_core, name);
}
