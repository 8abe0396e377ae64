/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/words.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *state;
    const char *word;
    enum corv_ctl_tone tone;
} states[] = {
    {"waiting", "wacht", CORV_TONE_PLAIN},
    {"leased", "onderweg", CORV_TONE_PLAIN},
    {"held", "vast", CORV_TONE_WARN},
    {"dead", "mislukt", CORV_TONE_BAD},
    {"confirmed", "bevestigd", CORV_TONE_GOOD},
    {"dropped", "vervallen", CORV_TONE_DIM},
};

static const struct {
    const char *event;
    const char *word;
} events[] = {
    {"message.stored", "aangenomen"},
    {"message.repeated", "opnieuw ontvangen"},
    {"message.conflict", "kenmerk hergebruikt"},
    {"message.refused", "geweigerd"},
    {"message.case-unknown", "verzoek hier niet bekend"},
    {"delivery.confirmed", "bevestigd"},
    {"delivery.later", "uitgesteld"},
    {"delivery.dead", "opgegeven"},
    {"delivery.correlated", "bij de indiener gebracht"},
    {"delivery.held", "vastgehouden"},
    {"delivery.retried", "opnieuw aangeboden"},
    {"delivery.released", "vrijgegeven"},
    {"delivery.rerouted", "omgeleid"},
    {"delivery.dropped", "vervallen"},
    {"payload.destroyed", "inhoud vernietigd"},
    {"payload.resealed", "inhoud opnieuw verzegeld"},
};

const char *corv_ctl_state_word(const char *state)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(state, states[i].state) == 0)
            return states[i].word;
    return state;
}

enum corv_ctl_tone corv_ctl_state_tone(const char *state)
{
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(state, states[i].state) == 0)
            return states[i].tone;
    return CORV_TONE_PLAIN;
}

const char *corv_ctl_event_word(const char *event)
{
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (strcmp(event, events[i].event) == 0)
            return events[i].word;
    return event;
}

const char *corv_ctl_relation_word(const char *by)
{
    if (strcmp(by, "answers") == 0)
        return "Antwoord op";
    return strcmp(by, "answered-by") == 0 ? "Beantwoord" : "Zelfde zaak";
}

/* The worst of its deliveries, and how many have ended. */
char *corv_ctl_standing(
    const struct corv_inspect_message *m, char *out, size_t size, enum corv_ctl_tone *tone)
{
    const char *state = m->dead         ? "dead"
                        : m->held       ? "held"
                        : m->waiting    ? "waiting"
                        : !m->confirmed ? "dropped"
                                        : "confirmed";

    *tone = corv_ctl_state_tone(state);
    if (m->deliveries == 0) {
        *tone = CORV_TONE_PLAIN;
        (void)snprintf(out, size, "geen bezorging");
        return out;
    }
    (void)snprintf(out, size, "%s %u/%u", corv_ctl_state_word(state), m->confirmed, m->deliveries);
    return out;
}
