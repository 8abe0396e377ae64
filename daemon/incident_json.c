/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/incident_json.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/replace.h"

#define PATH 4096

/* ---- to text -------------------------------------------------------------------------------- */

static json_t *one(const struct corv_incident *i)
{
    char key[CORV_INCIDENT_KEY];
    char since[CORV_TIME_TEXT];
    char last[CORV_TIME_TEXT];

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:i}",
        "key", corv_incident_key(i, key), "cause", corv_cause_code(i->cause), "subject", i->subject,
        "severity", corv_incident_severity_name(i->severity), "code", i->code, "value",
        (json_int_t)i->value, "times", (json_int_t)i->times, "since",
        corv_clock_text(i->since_us, since), "last", corv_clock_text(i->last_us, last), "text",
        corv_cause_sentence(i->cause), "advice", corv_cause_advice(i->cause), "since_us",
        (json_int_t)i->since_us, "last_us", (json_int_t)i->last_us, "told_us",
        (json_int_t)i->told_us, "told", (int)i->told);
}

char *corv_incidents_json(const struct corv_incidents *t)
{
    json_t *list = json_array();
    json_t *root = json_pack("{s:o}", "incidents", list);
    char *text;

    for (int s = CORV_SEVERITY_ERROR; s >= CORV_SEVERITY_NOTICE; s--)
        for (size_t n = 0; n < t->count; n++)
            if ((int)t->list[n].severity == s && corv_incident_counts(&t->list[n]))
                (void)json_array_append_new(list, one(&t->list[n]));
    text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

/* ---- and back ------------------------------------------------------------------------------- */

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));

    return s ? s : "";
}

/* Only what could have been ours: it becomes a label and a field of the log. */
static bool plain(const char *s, size_t max)
{
    return strlen(s) < max &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-") ==
               strlen(s);
}

static bool number_of(const json_t *o, const char *key, int64_t most, int64_t *out)
{
    const json_t *n = json_object_get(o, key);

    *out = json_integer_value(n);
    return json_is_integer(n) && *out >= 0 && *out <= most;
}

static bool take_one(const json_t *o, int64_t now_us, struct corv_incident *i)
{
    const char *severity = text_of(o, "severity");
    const char *subject = text_of(o, "subject");
    const char *code = text_of(o, "code");
    int64_t value;
    int64_t times;
    int64_t told;

    *i = (struct corv_incident){.state = CORV_INCIDENT_OPEN};
    if (corv_cause_read(text_of(o, "cause"), &i->cause) != CORV_OK ||
        !plain(subject, sizeof i->subject) || !plain(code, sizeof i->code) ||
        !number_of(o, "value", INT64_MAX, &value) || !number_of(o, "times", INT64_MAX, &times) ||
        !number_of(o, "since_us", now_us, &i->since_us) ||
        !number_of(o, "last_us", now_us, &i->last_us) ||
        !number_of(o, "told_us", now_us, &i->told_us) || !number_of(o, "told", 1000000, &told))
        return false;
    while (i->severity < CORV_SEVERITY_ERROR &&
           strcmp(corv_incident_severity_name(i->severity), severity) != 0)
        i->severity++;
    i->value = (uint64_t)value;
    i->times = (uint64_t)times;
    i->told = (unsigned)told;
    memcpy(i->subject, subject, strlen(subject) + 1);
    memcpy(i->code, code, strlen(code) + 1);
    return true;
}

corv_rc corv_incidents_take(struct corv_incidents *t, const char *text, size_t size, int64_t now_us)
{
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list = json_object_get(root, "incidents");
    corv_rc rc = json_is_array(list) ? CORV_OK : CORV_E_INVALID;
    struct corv_incident i;

    for (size_t n = 0; n < json_array_size(list); n++)
        if (take_one(json_array_get(list, n), now_us, &i))
            corv_incident_restore(t, &i);
        else
            rc = CORV_E_INVALID;
    json_decref(root);
    return rc;
}

/* ---- the file ------------------------------------------------------------------------------- */

corv_rc corv_incidents_save(const char *state_dir, const char *text)
{
    return corv_file_replace(state_dir, CORV_INCIDENTS_FILE, corv_view_str(text), 0600);
}

corv_rc corv_incidents_load(struct corv_incidents *t, const char *state_dir, int64_t now_us)
{
    char path[PATH];
    char *text = NULL;
    corv_rc rc = CORV_E_IO;
    struct stat st;
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof path, "%s/" CORV_INCIDENTS_FILE, state_dir);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? CORV_E_NOTFOUND : CORV_E_IO;
    if (fstat(fd, &st) != 0)
        goto out;
    rc = CORV_E_INVALID;
    if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > (off_t)CORV_INCIDENTS_BYTES)
        goto out;
    text = malloc((size_t)st.st_size);
    rc = text ? CORV_E_IO : CORV_E_NOMEM;
    n = text ? read(fd, text, (size_t)st.st_size) : -1;
    if (n > 0)
        rc = corv_incidents_take(t, text, (size_t)n, now_us);
out:
    free(text);
    (void)close(fd);
    return rc;
}
