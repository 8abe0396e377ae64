/* SPDX-License-Identifier: EUPL-1.2 */
/* From the configuration to what an adapter is told. */
#include "config/config.h"
#include "daemon/host/host.h"

void corv_host_entry_of(const struct corv_config *c, unsigned i, struct corv_host_entry_room *room,
    struct corv_host_entry *e)
{
    const struct corv_adapter_entry *a = &c->adapters[i];

    *e = (struct corv_host_entry){.name = a->name,
        .library = a->library,
        .settings = room->settings,
        .offered = room->offered};
    for (; e->settings_count < a->settings_count && e->settings_count < CORV_HOST_SETTINGS_MAX;
         e->settings_count++)
        room->settings[e->settings_count] = (struct corv_host_setting){
            a->settings[e->settings_count].key, a->settings[e->settings_count].value};
    room->offered[e->offered_count++] =
        (struct corv_host_setting){"certificate", c->delivery.certificate};
    room->offered[e->offered_count++] = (struct corv_host_setting){"key", c->delivery.key};
    room->offered[e->offered_count++] = (struct corv_host_setting){"ca", c->delivery.ca};
}
