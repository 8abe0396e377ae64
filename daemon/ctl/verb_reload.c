/* SPDX-License-Identifier: EUPL-1.2 */
/* Over a unix socket corvd knows who asks and answers itself; else it gets a signal, which only
 * root and its own user may send, and is asked afterwards what became of it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "daemon/ctl/admin_ask.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/verbs.h"

#define SECONDS    60
#define ANSWER_MAX (1u << 20)

/* ---- asking ------------------------------------------------------------------------------- */

static json_t *ask(const struct corv_config *c, const char *request, int *status)
{
    struct corv_buf body;
    json_t *said = NULL;

    corv_buf_init(&body, ANSWER_MAX);
    *status = corv_ctl_admin_send(c, request, SECONDS, &body);
    if (body.p)
        said = json_loads(body.p, 0, NULL);
    corv_buf_free(&body);
    return said;
}

static json_t *ask_socket(const struct corv_config *c, int *status)
{
    const char *sudo = getenv("SUDO_USER");
    char request[256];

    (void)snprintf(request, sizeof request,
        "POST /reload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Corv-Operator: %.32s\r\nContent-Length: 0\r\n\r\n",
        geteuid() == 0 && sudo ? sudo : "-");
    return ask(c, request, status);
}

static json_t *ask_last(const struct corv_config *c, int *status)
{
    return ask(c, "GET /reload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", status);
}

/* The process that holds the lock of the state folder; its number stands in the same file. */
static pid_t find_daemon(const struct corv_config *c)
{
    char path[4096];
    char text[32] = "";
    long pid = 0;
    int fd;

    (void)snprintf(path, sizeof path, "%s/corvd.pid", c->state_dir);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return 0;
    if (flock(fd, LOCK_SH | LOCK_NB) != 0 && read(fd, text, sizeof text - 1) > 0)
        pid = strtol(text, NULL, 10);
    (void)close(fd);
    return pid > 1 ? (pid_t)pid : 0;
}

static json_t *ask_signal(const struct corv_config *c, int *status)
{
    const struct timespec nap = {.tv_nsec = 50000000};
    json_t *last = ask_last(c, status);
    json_int_t before = json_integer_value(json_object_get(last, "number"));
    pid_t pid = find_daemon(c);

    if (*status != 200 || pid == 0 || kill(pid, SIGHUP) != 0) {
        json_decref(last);
        *status = 0;
        return NULL;
    }
    for (int i = 0; i < SECONDS * 20; i++) {
        json_decref(last);
        last = ask_last(c, status);
        if (*status == 0 || json_integer_value(json_object_get(last, "number")) > before)
            break;
        (void)nanosleep(&nap, NULL);
    }
    if (*status == 200 && !json_is_true(json_object_get(last, "applied")))
        *status = 422;
    return last;
}

/* ---- telling ------------------------------------------------------------------------------ */

static const char *word(const json_t *from, const char *key)
{
    const char *text = json_string_value(json_object_get(from, key));

    return text ? text : "";
}

static void tell(struct corv_ctl *ctl, const json_t *said, bool applied)
{
    const json_t *restart = json_object_get(said, "restart");
    const json_t *findings = json_object_get(said, "findings");

    corv_ctl_tone_write(&ctl->out, applied ? CORV_TONE_GOOD : CORV_TONE_BAD,
        applied ? "De nieuwe configuratie geldt."
                : "Niet herladen: de oude configuratie blijft gelden.",
        ctl->color);
    corv_ctl_printf(ctl, "\n");
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *f = json_array_get(findings, i);

        int line = (int)json_integer_value(json_object_get(f, "line"));

        corv_ctl_printf(ctl, "%s", ctl->config_path);
        if (line > 0) /* 0: it is about a file that the configuration names */
            corv_ctl_printf(ctl, ":%d", line);
        corv_ctl_printf(ctl, ": %s %s\n",
            strcmp(word(f, "severity"), "error") == 0 ? "fout" : "let op", word(f, "code"));
        corv_ctl_wrap(&ctl->out, "", 4, word(f, "text"));
    }
    for (size_t i = 0; i < json_array_size(restart); i++)
        corv_ctl_printf(
            ctl, "Pas na een herstart: %s\n", json_string_value(json_array_get(restart, i)));
}

static int broken_file(struct corv_ctl *ctl)
{
    int code = corv_verb_config_check(ctl, 0, NULL);

    if (code == CORV_CTL_NO && !ctl->json)
        corv_ctl_printf(ctl, "Niet herladen: corvd gaat door met de oude configuratie.\n");
    return code;
}

int corv_verb_reload(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_findings findings;
    int status = 0;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 0, 0))
        return CORV_CTL_ERROR;
    corv_findings_init(&findings);
    rc = corv_config_load(ctl->config_path, &ctl->config, &findings);
    corv_findings_free(&findings);
    if (rc != CORV_OK)
        return broken_file(ctl);

    json_t *said = ctl->config->admin.socket ? ask_socket(ctl->config, &status)
                                             : ask_signal(ctl->config, &status);

    if (status == 200 || status == 422) {
        if (ctl->json)
            corv_ctl_json(ctl, json_incref(said));
        else
            tell(ctl, said, status == 200);
        json_decref(said);
        return status == 200 ? CORV_CTL_YES : CORV_CTL_NO;
    }
    json_decref(said);
    if (status == 0)
        return corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.no-daemon",
            "corvd antwoordt niet, of u mag dit niet vragen. Probeer het als root.");
    return corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.reload-later",
        "corvd kan nu niet herladen (%d): het is al bezig of aan het stoppen.", status);
}
