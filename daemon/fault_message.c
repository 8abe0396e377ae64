/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/fault_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parties.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/job.h"
#include "daemon/message.h"
#include "daemon/stuf_fault.h"
#include "queue/vault.h"

static bool wanted(const struct corv_leased *row)
{
    enum corv_kind kind = corv_kind_by_name(row->kind);

    return strcmp(row->sender, CORV_SELF) != 0 && corv_kind_family(kind) != CORV_FAMILY_STUF &&
           row->zender_app[0] != '\0';
}

static void address(struct corv_job *job, const struct corv_party *to)
{
    struct corv_queue_delivery *d = &job->fault_delivery;

    *d = (struct corv_queue_delivery){.no = 1,
        .route = "foutmelding",
        .party = job->row->sender,
        .priority = CORV_PRIORITY_SPOED,
        .state = CORV_DELIVERY_WAITING};
    if (to && to->adapter && to->address)
        return;
    d->state = CORV_DELIVERY_HELD;
    d->held_code = "fault.no-address";
    d->held_question = "Deze foutmelding kan niet worden bezorgd: de afzender heeft geen adres in "
                       "de configuratie. Laat de afzender op een andere manier weten dat het "
                       "bericht niet is bezorgd.";
}

static corv_rc write_text(struct corv_job *job, const struct corv_id *id, struct corv_buf *b)
{
    const struct corv_leased *row = job->row;
    char note[200];
    struct corv_stuf_fault fault = {.own_oin = job->app->config->oin,
        .own_application = job->app->config->application,
        .org = row->zender_org,
        .app = row->zender_app,
        .adm = row->zender_adm,
        .crossref = row->referentie,
        .id = id,
        .now_us = corv_clock_us(),
        .code = job->why,
        .note = note};

    (void)snprintf(note, sizeof note, "bericht %s; soort %s; ontvanger %s; reden %s",
        job->message_text, row->kind, row->party ? row->party : "-", job->code);
    return corv_stuf_fault_write(&fault, b);
}

void corv_fault_message(struct corv_job *job)
{
    const struct corv_leased *row = job->row;
    struct corv_queue_message *q = &job->fault;
    struct corv_buf b = {0};
    size_t sealed_size = 0;

    if (!wanted(row))
        return;
    *q = (struct corv_queue_message){.parent = row->message,
        .received_us = corv_clock_us(),
        .kind = corv_kind_name(CORV_KIND_FO01),
        .variant = "",
        .sender = CORV_SELF,
        .zender_org = job->app->config->oin,
        .zender_app = job->app->config->application,
        .zender_adm = "",
        .ontvanger_org = row->zender_org,
        .ontvanger_app = row->zender_app,
        .referentie = "",
        .crossref = row->referentie,
        .content_type = "application/xml",
        .deliveries = &job->fault_delivery,
        .deliveries_count = 1};

    corv_rc rc = corv_id_new(&q->id);

    if (rc == CORV_OK)
        rc = write_text(job, &q->id, &b);
    if (rc == CORV_OK)
        rc = corv_digest_of(&(struct corv_view){b.p, b.n}, 1, &q->digest);
    if (rc == CORV_OK)
        rc = corv_vault_seal(
            job->app->vault, &q->id, corv_buf_view(&b), &job->fault_sealed, &sealed_size);
    if (rc == CORV_OK) {
        q->size = b.n;
        q->sealed = corv_view_of(job->fault_sealed, sealed_size);
        address(job, corv_party_by_id(job->app->config, row->sender));
        job->settle.fault = q;
    } else {
        CORV_LOG(ERROR, "fault.not-made", &row->message, CORV_F(CODE, corv_rc_name(rc)));
    }
    corv_buf_free(&b);
}
