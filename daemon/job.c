/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/job.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "daemon/base/clock.h"

struct corv_body *corv_body_new(char *p_take, size_t size)
{
    struct corv_body *b = calloc(1, sizeof *b);

    if (!b) {
        free(p_take);
        return NULL;
    }
    *b = (struct corv_body){.refs = 1, .size = size, .p = p_take};
    return b;
}

struct corv_body *corv_body_hold(struct corv_body *b)
{
    b->refs++;
    return b;
}

void corv_body_free(struct corv_body *b)
{
    if (!b || --b->refs > 0)
        return;
    free(b->p);
    free(b);
}

struct corv_job *corv_job_new(struct corv_app *app, struct corv_leased *row_take)
{
    struct corv_job *job = calloc(1, sizeof *job);
    int64_t lease_s = (int64_t)app->config->delivery.lease_seconds;
    int64_t timeout_s = (int64_t)app->config->delivery.timeout_seconds;

    if (!job) {
        corv_leased_free(row_take);
        return NULL;
    }
    job->app = app;
    job->holds = 1;
    job->row = row_take;
    job->lane.priority = row_take->priority;
    job->lane.lease_until_us = corv_clock_mono_us() + (lease_s - timeout_s) * 1000000;
    corv_list_init(&job->lane.node);
    corv_list_init(&job->waiting);
    (void)corv_id_text(&row_take->message, job->message_text);
    (void)snprintf(
        job->delivery_text, sizeof job->delivery_text, "%s/%d", job->message_text, row_take->no);
    return job;
}

void corv_job_free(struct corv_job *job)
{
    if (!job || --job->holds > 0)
        return;
    corv_list_del(&job->waiting);
    corv_body_free(job->body);
    corv_leased_free(job->row);
    corv_config_free(job->config);
    free(job->plain);
    free(job->fault_sealed);
    free(job);
}
