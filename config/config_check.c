/* SPDX-License-Identifier: EUPL-1.2 */
/* Settings that only make sense together. Everything wrong is named, nothing stops at the first. */
#include <sys/un.h>

#include "config/config_read.h"
#include "config/text.h"

/* The place of one setting; its section, or the file, when it was not typed. */
static const struct corv_tree *place(
    const struct corv_tree *root, const char *section, const char *key)
{
    const struct corv_tree *group = corv_tree_get(root, section);
    const struct corv_tree *node = corv_tree_get(group, key);

    if (!node)
        node = group;
    return node ? node : root;
}

static void check_admin(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *f)
{
    const struct corv_tree *admin = corv_tree_get(root, "admin");

    if (c->admin.socket) {
        if (strlen(c->admin.socket) >= sizeof((struct sockaddr_un *)0)->sun_path)
            corv_tree_error(f, place(root, "admin", "socket"), "config.socket-length",
                "Dit pad is te lang voor een unix-socket; hoogstens %zu tekens.",
                sizeof((struct sockaddr_un *)0)->sun_path - 1);
        if (corv_tree_get(admin, "address") || corv_tree_get(admin, "port"))
            corv_tree_warning(f, place(root, "admin", "socket"), "config.admin-both",
                "Met socket gelden address en port niet; haal weg wat u niet bedoelt.");
        return;
    }
    if (c->admin.address && corv_text_is_ip(c->admin.address) &&
        !corv_text_is_loopback(c->admin.address))
        corv_tree_error(f, place(root, "admin", "address"), "config.admin-open",
            "Beheer mag alleen op een adres van deze machine zelf: 127.0.0.1 of \"::1\".");
    if (c->admin.port && c->admin.port == c->listen.port)
        corv_tree_error(f, place(root, "admin", "port"), "config.same-port",
            "Beheer en berichten kunnen niet op dezelfde poort.");
}

static void check_database(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *f)
{
    const char *d = c->database;

    if (!d || strcmp(d, "embedded") == 0 || strncmp(d, "postgresql://", 13) == 0 ||
        strncmp(d, "postgres://", 11) == 0 || strchr(d, '='))
        return;
    corv_tree_error(f, corv_tree_get(root, "database"), "config.bad-database",
        "Kies embedded, postgresql://… of een rij sleutel=waarde zoals libpq die kent.");
}

/* "operator" would make a node's lines in the audit trail look like a person's. */
static void check_node(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *f)
{
    const struct corv_tree *at = corv_tree_get(root, "node");

    if (c->node && strcmp(c->node, "operator") == 0)
        corv_tree_error(f, at ? at : root, "config.reserved-node",
            "De naam operator is voor mensen in het auditspoor; kies een andere naam voor node.");
}

static void check_numbers(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *f)
{
    if (c->workers == 1)
        corv_tree_warning(f, corv_tree_get(root, "workers"), "config.one-worker",
            "Met één draad wacht elk bericht tot een groot bericht ervoor gecontroleerd is. Laat "
            "workers weg, of kies er ten minste 2.");
    if (c->limits.total_body_bytes && c->limits.total_body_bytes < c->limits.body_bytes)
        corv_tree_error(f, place(root, "limits", "total_body_bytes"), "config.limits",
            "total_body_bytes is kleiner dan body_bytes: het grootste bericht kan nooit binnen.");
    if (c->delivery.lease_seconds && c->delivery.lease_seconds <= c->delivery.timeout_seconds)
        corv_tree_error(f, place(root, "delivery", "lease_seconds"), "config.lease",
            "lease_seconds moet meer zijn dan timeout_seconds; anders doen twee corvd's dezelfde "
            "bezorging.");
    if (c->delivery.retry_max_seconds &&
        c->delivery.retry_first_seconds > c->delivery.retry_max_seconds)
        corv_tree_error(f, place(root, "delivery", "retry_first_seconds"), "config.retry",
            "retry_first_seconds is meer dan retry_max_seconds.");
    if (c->delivery.give_up_seconds && c->delivery.give_up_seconds < c->delivery.timeout_seconds)
        corv_tree_error(f, place(root, "delivery", "give_up_seconds"), "config.give-up",
            "give_up_seconds is minder dan timeout_seconds: de eerste poging kan niet af.");
}

static void check_delivery_tls(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *f)
{
    const char *const all[] = {c->delivery.certificate, c->delivery.key, c->delivery.ca};
    unsigned set = 0;
    bool https = false;

    for (unsigned i = 0; i < 3; i++)
        set += all[i] ? 1 : 0;
    for (unsigned i = 0; i < c->adapters_count; i++)
        https = https ||
                (c->adapters[i].library && strcmp(c->adapters[i].library, "builtin:https") == 0);
    if (set == 3 || (set == 0 && !https))
        return;
    corv_tree_error(f, place(root, "delivery", "certificate"), "config.delivery-tls",
        "Om met https te bezorgen zijn certificate, key en ca alle drie nodig in delivery.");
}

/* Regeling uitwisseling persoonsgegevens, art. 4.1: within 24 hours, unless there is a ground. */
static void check_retention(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *f)
{
    if (c->retention.payload_hours > CORV_LAWFUL_HOURS && !c->retention.ground)
        corv_tree_error(f, place(root, "retention", "payload_hours"), "config.no-ground",
            "Langer dan %d uur bewaren mag alleen met een grond; zet die in retention.ground.",
            CORV_LAWFUL_HOURS);
}

static bool is_party(const struct corv_config *c, const char *id)
{
    for (unsigned i = 0; i < c->parties_count; i++)
        if (c->parties[i].id && strcmp(c->parties[i].id, id) == 0)
            return true;
    return false;
}

/* The setting sender means the same for every adapter: who is behind this endpoint. */
static void check_sender(
    const struct corv_config *c, unsigned i, const struct corv_tree *root, struct corv_findings *f)
{
    const struct corv_adapter_entry *a = &c->adapters[i];

    for (unsigned s = 0; s < a->settings_count; s++)
        if (a->settings[s].key && strcmp(a->settings[s].key, "sender") == 0 &&
            a->settings[s].value && !is_party(c, a->settings[s].value))
            corv_tree_error(f, corv_tree_item(root, "adapters", i), "config.unknown-sender",
                "De instelling sender noemt een partij die niet bij parties staat.");
}

static void check_adapters(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *f)
{
    for (unsigned i = 0; i < c->adapters_count; i++) {
        if (c->production && c->adapters[i].library &&
            strcmp(c->adapters[i].library, "builtin:loopback") == 0)
            corv_tree_error(f, corv_tree_item(root, "adapters", i), "config.test-adapter",
                "builtin:loopback bezorgt niets en mag niet met production: true.");
        check_sender(c, i, root, f);
        for (unsigned j = 0; j < i; j++) {
            if (!c->adapters[i].name || !c->adapters[j].name ||
                strcmp(c->adapters[i].name, c->adapters[j].name) != 0)
                continue;
            corv_tree_error(f, corv_tree_item(root, "adapters", i), "config.double-name",
                "Deze adapter heeft dezelfde naam als die op regel %d.", c->adapters[j].line);
        }
    }
}

void corv_config_check(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *findings)
{
    check_admin(c, root, findings);
    check_node(c, root, findings);
    check_database(c, root, findings);
    check_numbers(c, root, findings);
    check_delivery_tls(c, root, findings);
    check_retention(c, root, findings);
    check_adapters(c, root, findings);
    corv_config_check_parties(c, root, findings);
    corv_config_check_routes(c, root, findings);
}
