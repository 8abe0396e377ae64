/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/verbs.h"
#include "queue/fence.h"
#include "queue/seal.h"

#define PATH 4096

/* ---- what is known outside the database ---------------------------------------------------- */

struct trust {
    struct corv_audit_trust t;
    struct corv_fence fence;
    bool keys_hidden; /* there, but not for this user */
};

/* --key FILE, else audit.pub of the state folder and what the nodes put in the folder they share;
 * and the heads the state folder remembers. */
static int read_trust(struct corv_ctl *ctl, const char *key_file, struct trust *out)
{
    char path[PATH];
    corv_rc rc;

    *out = (struct trust){.keys_hidden = false};
    (void)snprintf(path, sizeof path, "%s/%s", ctl->config->state_dir, CORV_SEAL_PUBLIC);
    rc = corv_seal_read_public(key_file ? key_file : path, &out->t.keys, &out->t.keys_count);
    if (key_file && rc != CORV_OK)
        return corv_ctl_complain(ctl, CORV_CTL_ERROR, "audit.key",
            "In %s staat geen openbare sleutel (PEM, Ed25519) die ik kan lezen.", key_file);
    out->keys_hidden = rc != CORV_OK;
    if (!key_file && rc == CORV_OK && ctl->config->keys_dir)
        corv_seal_read_shared(ctl->config->keys_dir, &out->t.keys, &out->t.keys_count);
    if (corv_fence_read(ctl->config->state_dir, &out->fence) == CORV_OK) {
        out->t.marks = out->fence.marks;
        out->t.marks_count = out->fence.count;
    }
    return CORV_CTL_YES;
}

/* ---- verify ------------------------------------------------------------------------------- */

static json_t *report_json(const struct corv_audit_report *r)
{
    json_t *broken = r->broken.seq ? json_pack("{s:i, s:I, s:s}", "chain", r->broken.chain, "seq",
                                         (json_int_t)r->broken.seq, "what", r->broken.what)
                                   : json_null();

    return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "ok", r->broken.seq == 0, "chains",
        (json_int_t)r->chains, "lines", (json_int_t)r->lines, "verified", (json_int_t)r->verified,
        "skeletons", (json_int_t)r->skeletons, "seals", (json_int_t)r->seals, "unsealed",
        (json_int_t)r->unsealed, "broken", broken);
}

static void say_seals(
    struct corv_ctl *ctl, const struct corv_audit_report *r, const struct trust *trust)
{
    char time[CORV_TIME_TEXT];

    if (r->seals == 0)
        corv_ctl_line(ctl, "Zegels", "nog geen");
    else
        corv_ctl_line(ctl, "Zegels",
            "%" PRIu64 ", het laatste van %.19sZ; daarna %s %" PRIu64 " regel%s", r->seals,
            corv_clock_text(r->sealed_us, time), r->unsealed == 1 ? "kwam" : "kwamen", r->unsealed,
            r->unsealed == 1 ? "" : "s");
    if (r->skeletons)
        corv_ctl_line(ctl, "Geraamte", "%" PRIu64 " regels: de tekst is vernietigd, de som klopt",
            r->skeletons);
    if (trust->keys_hidden)
        corv_ctl_line(ctl, "Let op",
            "audit.pub is niet te lezen: van wie de zegels zijn is niet nagekeken. Geef --key.");
}

static void say(struct corv_ctl *ctl, const struct corv_audit_report *r, const struct trust *trust)
{
    if (r->broken.seq == 0) {
        corv_ctl_tone_write(&ctl->out, CORV_TONE_GOOD, "In orde", ctl->color);
        corv_ctl_printf(ctl, ": %" PRIu64 " regels in %" PRIu64 " keten%s nagerekend.\n",
            r->verified, r->chains, r->chains == 1 ? "" : "s");
        say_seals(ctl, r, trust);
        return;
    }
    corv_ctl_tone_write(&ctl->out, CORV_TONE_BAD, "NIET IN ORDE", ctl->color);
    corv_ctl_printf(ctl, ": keten %d, regel %" PRId64 ".\n", r->broken.chain, r->broken.seq);
    corv_ctl_line(ctl, "Wat", "%s", r->broken.what);
    corv_ctl_line(ctl, "Doe nu",
        "Wijzig niets, bewaar een kopie van de database en van state_dir/audit.pub, en meld dit "
        "als "
        "beveiligingsincident.");
}

int corv_verb_audit_verify(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_audit_report report;
    struct corv_fault fault = {0};
    struct trust trust;
    const char *key = NULL;
    const struct corv_ctl_option options[] = {{"--key", &key}, {NULL, NULL}};
    int code;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, options, 0, 0) || !corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    code = read_trust(ctl, key, &trust);
    if (code != CORV_CTL_YES)
        return code;
    rc = corv_inspect_verify_by(ctl->inspect, &trust.t, &report, &fault);
    free(trust.t.keys);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    if (ctl->json)
        corv_ctl_json(ctl, report_json(&report));
    else
        say(ctl, &report, &trust);
    return report.broken.seq ? CORV_CTL_NO : CORV_CTL_YES;
}

/* ---- export and key ----------------------------------------------------------------------- */

static bool good_day(struct corv_ctl *ctl, const char *name, const char *day)
{
    static const char form[] = "0000-00-00";
    bool good = !day || strlen(day) == sizeof form - 1;

    for (size_t i = 0; day && good && i < sizeof form - 1; i++)
        good = form[i] == '-' ? day[i] == '-' : day[i] >= '0' && day[i] <= '9';
    if (!good)
        (void)corv_ctl_complain(
            ctl, CORV_CTL_ERROR, "ctl.usage", "Schrijf de dag achter %s als JJJJ-MM-DD.", name);
    return good;
}

int corv_verb_audit_export(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_fault fault = {0};
    const char *from = NULL;
    const char *to = NULL;
    const struct corv_ctl_option options[] = {{"--from", &from}, {"--to", &to}, {NULL, NULL}};
    uint64_t rows = 0;
    FILE *out;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, options, 1, 1) || !good_day(ctl, "--from", from) ||
        !good_day(ctl, "--to", to) || !corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    out = fopen(argv[0], "we");
    if (!out)
        return corv_ctl_complain(
            ctl, CORV_CTL_ERROR, "export.write", "%s kan niet worden geschreven.", argv[0]);
    rc = corv_inspect_export(ctl->inspect, from, to, out, &rows, &fault);
    if (fclose(out) != 0 && rc == CORV_OK)
        rc = CORV_FAIL(&fault, CORV_E_IO, CORV_FAULT_STORE, "export.write",
            "Het bestand kon niet worden geschreven. Is de schijf vol?");
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    if (ctl->json)
        corv_ctl_json(ctl,
            json_pack("{s:o, s:I}", "file", corv_ctl_json_text(argv[0]), "rows", (json_int_t)rows));
    else
        corv_ctl_printf(ctl,
            "%" PRIu64 " rijen geschreven. Nakijken zonder corvd:\n"
            "python3 audit_verify.py BESTAND audit.pub   (docs/audit_verify.py)\n",
            rows);
    return CORV_CTL_YES;
}

int corv_verb_audit_key(struct corv_ctl *ctl, int argc, char **argv)
{
    char path[PATH];
    char hex[2 * CORV_SEAL_KEY + 1];
    struct trust trust;
    json_t *list = json_array();

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 0, 0) || !corv_ctl_config(ctl) ||
        read_trust(ctl, NULL, &trust) != CORV_CTL_YES || trust.t.keys_count == 0) {
        json_decref(list);
        if (ctl->config)
            return corv_ctl_complain(ctl, CORV_CTL_ERROR, "audit.key",
                "audit.pub in state_dir is niet te lezen. Is corvd al eens gestart?");
        return CORV_CTL_ERROR;
    }
    (void)snprintf(path, sizeof path, "%s/%s", ctl->config->state_dir, CORV_SEAL_PUBLIC);
    for (size_t i = 0; i < trust.t.keys_count; i++) {
        (void)corv_hex(trust.t.keys[i], CORV_SEAL_KEY, hex);
        (void)json_array_append_new(list, json_string(hex));
        if (!ctl->json)
            corv_ctl_printf(ctl, "ed25519:\n%s\n", hex);
    }
    free(trust.t.keys);
    if (ctl->json)
        corv_ctl_json(ctl, json_pack("{s:o, s:O}", "file", corv_ctl_json_text(path), "keys", list));
    else
        corv_ctl_line(ctl, "Bestand", "%s", path);
    json_decref(list);
    return CORV_CTL_YES;
}
