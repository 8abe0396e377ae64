/* SPDX-License-Identifier: EUPL-1.2 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/partner/fault.h"
#include "daemon/partner/verbs.h"

static void print_text(const struct partner_scenarios *s)
{
    for (const struct partner_cluster *c = partner_clusters; c->name; c++) {
        (void)printf("%s (cluster %s)\n", c->name, c->title);
        for (unsigned i = 0; i < s->count; i++)
            if (strcmp(s->list[i]->cluster, c->name) == 0)
                (void)printf(
                    "  %-8s %-16s %s\n", s->list[i]->id, s->list[i]->name, s->list[i]->title);
    }
    (void)printf("\nFouten (--fault):\n");
    for (int i = 0; i < PARTNER_FAULTS; i++)
        (void)printf("  %-16s %s.\n  %-16s Verwacht: %s.\n", partner_faults[i].name,
            partner_faults[i].title, "", partner_faults[i].expectation);
}

/* Names of the messages that its exchanges send. */
static json_t *messages_of(const struct partner_scenario *s)
{
    json_t *names = json_array();

    for (unsigned i = 0; i < s->exchanges_count; i++)
        (void)json_array_append_new(names, json_string(s->exchanges[i].message));
    return names;
}

static void print_json(const struct partner_scenarios *s)
{
    json_t *scenarios = json_array();
    json_t *faults = json_array();
    json_t *root = NULL;

    for (unsigned i = 0; i < s->count; i++)
        (void)json_array_append_new(
            scenarios, json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", s->list[i]->id, "name",
                           s->list[i]->name, "cluster", s->list[i]->cluster, "title",
                           s->list[i]->title, "messages", messages_of(s->list[i])));
    for (int i = 0; i < PARTNER_FAULTS; i++)
        (void)json_array_append_new(
            faults, json_pack("{s:s, s:s, s:s}", "name", partner_faults[i].name, "title",
                        partner_faults[i].title, "expectation", partner_faults[i].expectation));
    root = json_pack("{s:o, s:o}", "scenarios", scenarios, "faults", faults);
    if (root)
        (void)json_dumpf(root, stdout, JSON_INDENT(2));
    (void)putchar('\n');
    json_decref(root);
}

int partner_verb_list(const struct partner_options *o)
{
    struct partner_scenarios s;

    if (partner_scenarios_load(&s) != CORV_OK)
        return PARTNER_ERROR;
    if (o->json)
        print_json(&s);
    else
        print_text(&s);
    partner_scenarios_free(&s);
    return PARTNER_GOOD;
}
