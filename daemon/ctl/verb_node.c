/* SPDX-License-Identifier: EUPL-1.2 */
/* Who works on this database. */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/ctl/json.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/verbs.h"
#include "queue/node.h"

static bool silent(const struct corv_node_info *n)
{
    return !n->stopped[0] && n->seen_seconds > CORV_NODE_SILENT_S;
}

static const char *state_of(const struct corv_node_info *n)
{
    if (n->stopped[0])
        return "gestopt";
    return silent(n) ? "ZWIJGT" : "draait";
}

static json_t *node_json(const struct corv_node_info *n)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:I, s:b}", "name", n->name, "keys",
        n->keys, "version", n->version, "started", n->started, "seen", n->seen, "stopped",
        n->stopped, "seen_seconds", n->seen_seconds, "leased", (json_int_t)n->leased, "silent",
        silent(n));
}

static void say_node(struct corv_ctl *ctl, const struct corv_node_info *n)
{
    char span[32];

    corv_ctl_line(ctl, n->name,
        "%s; versie %s, gezien %s geleden, %" PRIu64 " bezorgingen onderhanden, sleutelmap %.8s",
        state_of(n), n->version, corv_ctl_duration(n->seen_seconds, span, sizeof span), n->leased,
        n->keys);
}

static int say_all(struct corv_ctl *ctl, const struct corv_node_info *list, size_t count)
{
    json_t *all = json_array();
    int code = CORV_CTL_YES;

    for (size_t i = 0; i < count; i++) {
        if (silent(&list[i]))
            code = CORV_CTL_NO;
        (void)json_array_append_new(all, node_json(&list[i]));
        if (!ctl->json)
            say_node(ctl, &list[i]);
    }
    if (ctl->json)
        corv_ctl_json(ctl, json_pack("{s:O}", "nodes", all));
    json_decref(all);
    return code;
}

int corv_verb_node_list(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_node_info *list = NULL;
    struct corv_fault fault = {0};
    size_t count = 0;
    corv_rc rc;
    int code;

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 0, 0) || !corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    rc = corv_node_list(ctl->inspect, &list, &count, &fault);
    code = rc == CORV_OK ? say_all(ctl, list, count) : corv_ctl_fault(ctl, rc, &fault);
    corv_inspect_free(list);
    return code;
}

int corv_verb_node_forget(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_fault fault = {0};
    char actor[96];
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 1, 1) || !corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    corv_ctl_actor(actor, sizeof actor);
    rc = corv_node_forget(ctl->inspect, argv[0], actor, &fault);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    if (!ctl->json)
        corv_ctl_printf(ctl, "Node %s is vergeten.\n", argv[0]);
    return CORV_CTL_YES;
}
