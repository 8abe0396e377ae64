/* SPDX-License-Identifier: EUPL-1.2 */
/* The host against the shelf of wrong plug-ins (tests/abi): it names the culprit and goes on. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/abi/rig.h"

static char dir[64];

/* ---- the shelf ---------------------------------------------------------------------------- */

static char *place(const char *name, char out[128])
{
    return rig_place(dir, name, out);
}

static void add_good(struct rig *rig, const char *name, const char *file)
{
    char path[128];
    struct corv_fault f;

    if (rig_add(rig, name, place(file, path), NULL, 0, &f) != CORV_OK)
        fail_msg("%s: %s", f.code, f.text);
}

/* The host still does its work. */
static void goes_on(struct rig *rig)
{
    struct result r = {0};

    rig_deliver(rig, "loopback", "loopback:soon", &r);
    assert_int_equal(r.outcome.cls, CORV_DELIVERED);
}

static void open_with_loopback(struct rig *rig)
{
    struct corv_fault f;

    rig_open(rig);
    assert_int_equal(rig_add(rig, "loopback", "builtin:loopback", NULL, 0, &f), CORV_OK);
}

/* ---- loading ------------------------------------------------------------------------------ */

static const struct {
    const char *file;
    const char *name; /* in the configuration; NULL: as the file */
    const char *code;
    const char *expected; /* words of the sentence */
} refused[] = {
    {"no_symbol", "no-symbol", "adapter.symbol", "corv_adapter_entry"},
    {"wrong_major", "wrong-major", "adapter.major", "voor ABI 2; verwacht: ABI 1."},
    {"newer_minor", "newer-minor", "adapter.minor", "voor ABI 1.3; verwacht: hoogstens 1.2."},
    {"short_size", "short-size", "adapter.size", "verwacht: "},
    {"tiny_size", "tiny-size", "adapter.size", "in 8 bytes; verwacht: "},
    {"lies_size", "lies-size", "adapter.size", "in 100000 bytes; verwacht: "},
    {"wrong_name", "wrong-name", "adapter.name", "noemt zich heet-anders; verwacht: wrong-name"},
    {"bad_name", "bad-name", "adapter.name", "verwacht: bad-name"},
    {"good", "goods", "adapter.name", "verwacht: goods"},
    {"missing_function", "missing-function", "adapter.function", "mist de functie cancel"},
    {"deaf", "deaf", "adapter.function", "mist de functie answered"},
    {"no_kind", "no-kind", "adapter.function", "soort of versie"},
    {"declines", "declines", "adapter.declined", "ABI 1.2"},
    {"check_no", "check-no", "adapter.check", "de kleur?is verkeerd."},
    {"create_fails", "create-fails", "adapter.create", "xxxxxxxx"},
    {"start_fails", "start-fails", "adapter.start", "start niet"},
};

static void wrong_ones_are_refused_by_name(void **state)
{
    struct rig rig;

    (void)state;
    open_with_loopback(&rig);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char path[128];
        struct result r = {0};
        struct corv_fault f;
        const struct corv_outgoing_spec spec = rig_spec("x", corv_view_str("x"));

        assert_int_equal(rig_add(&rig, refused[i].name, place(refused[i].file, path), NULL, 0, &f),
            CORV_E_INVALID);
        assert_string_equal(f.code, refused[i].code);
        if (!strstr(f.text, refused[i].expected))
            fail_msg("%s: %s", refused[i].file, f.text);
        if (!strstr(f.text, path) && !strstr(f.text, refused[i].name))
            fail_msg("names nobody: %s", f.text);
        assert_int_equal(f.cls, CORV_FAULT_SETTINGS);
        assert_int_equal(rig_send(&rig, refused[i].name, &spec, 1000, &r), CORV_E_NOTFOUND);
        goes_on(&rig);
    }
    rig_close(&rig, 1000);
    assert_true(rig.closed);
}

static void refuse_file(struct rig *rig, const char *path, const char *code, const char *expected)
{
    struct corv_fault f;

    assert_int_equal(rig_add(rig, "good", path, NULL, 0, &f), CORV_E_INVALID);
    assert_string_equal(f.code, code);
    if (!strstr(f.text, expected))
        fail_msg("%s", f.text);
}

static void files_others_can_write_are_not_loaded(void **state)
{
    char path[128];
    char other[128];
    struct rig rig;

    (void)state;
    open_with_loopback(&rig);
    place("good", path);
    assert_int_equal(chmod(path, 0775), 0);
    refuse_file(&rig, path, "adapter.mode", "heeft modus 0775; verwacht: niet schrijfbaar");
    assert_int_equal(chmod(path, 0757), 0);
    refuse_file(&rig, path, "adapter.mode", "heeft modus 0757");
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(chmod(dir, 0777), 0);
    refuse_file(&rig, path, "adapter.mode", "De map ");
    assert_int_equal(chmod(dir, 0700), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 12345, 0), 0);
        refuse_file(&rig, path, "adapter.owner", "van gebruiker 12345; verwacht: 0 (root)");
        assert_int_equal(chown(path, 0, 0), 0);
    }
    refuse_file(&rig, "adapters/good.so", "adapter.file", "pad dat met / begint");
    refuse_file(&rig, "/bestaat/niet.so", "adapter.file", "/bestaat/niet.so is er niet");
    refuse_file(&rig, dir, "adapter.file", dir);
    refuse_file(&rig, "builtin:toverij", "adapter.unknown-builtin", "builtin:toverij");
    (void)snprintf(other, sizeof other, "%s/tekst.so", dir);
    FILE *file = fopen(other, "w");

    assert_non_null(file);
    (void)fputs("geen bibliotheek", file);
    (void)fclose(file);
    assert_int_equal(chmod(other, 0644), 0);
    refuse_file(&rig, other, "adapter.load", "laadt niet");
    goes_on(&rig);
    rig_close(&rig, 1000);
}

static void one_file_per_name_one_name_per_instance(void **state)
{
    char path[128];
    struct result r = {0};
    struct corv_fault f;
    struct rig rig;

    (void)state;
    open_with_loopback(&rig);
    add_good(&rig, "good", "good");
    assert_int_equal(rig_add(&rig, "good", place("good", path), NULL, 0, &f), CORV_E_INVALID);
    assert_string_equal(f.code, "adapter.twice");
    assert_int_equal(
        rig_add(&rig, "good-copy", place("good_copy", path), NULL, 0, &f), CORV_E_INVALID);
    assert_string_equal(f.code, "adapter.twice");
    assert_non_null(strstr(f.text, "good_copy.so"));
    add_good(&rig, "good-two", "good"); /* a second instance of the same file */
    rig_deliver(&rig, "good", "", &r);
    rig_deliver(&rig, "good-two", "", &r);
    assert_string_equal(r.outcome.code, "abi.ok");
    assert_int_equal(rig_stats(&rig, "good").delivered, 1);
    assert_int_equal(rig_stats(&rig, "good-two").delivered, 1);
    assert_int_equal(rig_add(&rig, "Goed", path, NULL, 0, &f), CORV_E_INVALID);
    assert_string_equal(f.code, "adapter.name");
    rig_close(&rig, 1000);
}

static void check_makes_nothing(void **state)
{
    char path[128];
    struct corv_fault f = {0};
    struct corv_host_entry e = {.name = "good", .library = place("good", path)};

    (void)state;
    assert_int_equal(corv_hosts_check(&e, &f), CORV_OK);
    e = (struct corv_host_entry){.name = "check-no", .library = place("check_no", path)};
    assert_int_equal(corv_hosts_check(&e, &f), CORV_E_INVALID);
    assert_string_equal(f.code, "adapter.check");
    f = (struct corv_fault){0};
    e = (struct corv_host_entry){.name = "template", .library = place("template", path)};
    assert_int_equal(corv_hosts_check(&e, &f), CORV_E_INVALID);
    assert_non_null(strstr(f.text, "verplichte instelling file"));
}

static void adapters_of_older_minors_work(void **state)
{
    struct result r = {0};
    struct rig rig;

    (void)state;
    open_with_loopback(&rig);
    add_good(&rig, "minor-0", "minor_0");
    rig_deliver(&rig, "minor-0", "", &r);
    assert_string_equal(r.outcome.code, "old.ok");
    assert_string_equal(r.outcome.text, "application/xml");
    add_good(&rig, "minor-1", "minor_1");
    rig_deliver(&rig, "minor-1", "", &r);
    assert_string_equal(r.outcome.code, "old.one");
    rig_close(&rig, 1000);
}

/* The delivery section's files are for the adapters that ask for them; others are not bothered. */
static void what_is_offered_need_not_be_known(void **state)
{
    const struct corv_host_setting offered[] = {{"certificate", "/x.pem"}, {"ca", NULL}};
    const struct corv_host_setting file[] = {{"file", "/tmp/x"}};
    struct corv_host_entry e = {
        .name = "loopback", .library = "builtin:loopback", .offered = offered, .offered_count = 2};
    struct corv_fault f = {0};
    char path[128];

    (void)state;
    assert_int_equal(corv_hosts_check(&e, &f), CORV_OK);
    e.settings = offered; /* the same words, said by the operator */
    e.settings_count = 1;
    assert_int_equal(corv_hosts_check(&e, &f), CORV_E_INVALID);
    assert_non_null(strstr(f.text, "kent de instelling certificate niet"));
    f = (struct corv_fault){0};
    e = (struct corv_host_entry){.name = "template",
        .library = place("template", path),
        .offered = file,
        .offered_count = 1};
    assert_int_equal(corv_hosts_check(&e, &f), CORV_OK); /* a required one that is offered */
}

/* ---- answers ------------------------------------------------------------------------------ */

static void one_done_whatever_it_says(void **state)
{
    struct result r = {0};
    struct rig rig;

    (void)state;
    open_with_loopback(&rig);
    add_good(&rig, "twice", "twice");
    for (unsigned i = 1; i <= 5; i++) {
        rig_deliver(&rig, "twice", "", &r);
        assert_int_equal(r.outcome.cls, CORV_DELIVERED); /* the first answer counts */
        assert_int_equal(r.dones, i);
    }
    rig_turn(&rig, 50);
    assert_int_equal(r.dones, 5);
    assert_int_equal(r.releases, 5);
    assert_int_equal(rig_stats(&rig, "twice").twice, 10);
    assert_true(rig_logged(&rig, "\"host.twice\"", "\"adapter\":\"twice\""));
    goes_on(&rig);
    rig_close(&rig, 1000);
}

static void strangers_numbers_change_nothing(void **state)
{
    struct result waiting = {0};
    struct result r = {0};
    struct rig rig;
    const struct corv_outgoing_spec spec = rig_spec("loopback:slow-300", corv_view_str("x"));

    (void)state;
    open_with_loopback(&rig);
    add_good(&rig, "stray", "stray");
    assert_int_equal(rig_send(&rig, "loopback", &spec, 10000, &waiting), CORV_OK);
    rig_deliver(&rig, "stray", "", &r);
    assert_int_equal(r.dones, 1);
    assert_int_equal(waiting.dones, 0); /* another adapter's operation */
    assert_int_equal(rig_stats(&rig, "stray").twice, 100);
    assert_true(rig_until(&rig, &waiting.dones, 1, 10000));
    assert_string_equal(waiting.outcome.code, "loopback.ok");
    assert_int_equal(rig_stats(&rig, "loopback").twice, 0);
    rig_close(&rig, 1000);
}

static void answers_from_another_thread(void **state)
{
    struct result r = {0};
    struct rig rig;

    (void)state;
    open_with_loopback(&rig);
    add_good(&rig, "other-thread", "other_thread");
    for (unsigned i = 1; i <= 200; i++) {
        rig_deliver(&rig, "other-thread", "", &r);
        assert_string_equal(r.outcome.code, "abi.ok");
        assert_int_equal(r.dones, i);
    }
    assert_int_equal(rig_stats(&rig, "other-thread").delivered, 200);
    assert_int_equal(rig_stats(&rig, "other-thread").twice, 0);
    assert_true(rig_logged(&rig, "\"abi.woken\"", "\"adapter\":\"other-thread\""));
    rig_close(&rig, 1000);
}

static void the_loops_services_are_the_loops(void **state)
{
    struct result r = {0};
    struct rig rig;

    (void)state;
    open_with_loopback(&rig);
    add_good(&rig, "wrong-thread", "wrong_thread");
    rig_deliver(&rig, "wrong-thread", "", &r);
    assert_string_equal(r.outcome.code, "abi.ok");
    assert_true(rig_logged(&rig, "\"host.wrong-thread\"", "\"adapter\":\"wrong-thread\""));
    rig_close(&rig, 1000);
}

static const struct {
    const char *which;
    enum corv_outcome_class cls;
    const char *code;
    const char *text;
} outcomes[] = {
    {"", CORV_DELIVERED, "abi.ok", "Gebracht."},
    {"class", CORV_LATER, "host.bad-outcome", NULL},
    {"zero", CORV_LATER, "host.bad-outcome", NULL},
    {"size", CORV_LATER, "host.bad-outcome", NULL},
    {"null", CORV_LATER, "host.bad-outcome", NULL},
    {"code", CORV_DELIVERED, "host.bad-code", "Gebracht."},
    {"no-code", CORV_DELIVERED, "host.bad-code", "Gebracht."},
    {"text", CORV_DELIVERED, "abi.ok", "a?[31mrood?b\xc3\xa9????."},
    {"no-text", CORV_DELIVERED, "abi.ok", ""},
    {"receipt", CORV_DELIVERED, "abi.ok", "Gebracht."},
    {"long", CORV_DELIVERED, "host.bad-code", NULL},
};

static void outcomes_are_cleaned(void **state)
{
    struct rig rig;

    (void)state;
    open_with_loopback(&rig);
    add_good(&rig, "bad-outcome", "bad_outcome");
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        struct result r = {0};

        rig_deliver(&rig, "bad-outcome", outcomes[i].which, &r);
        assert_int_equal(r.outcome.cls, outcomes[i].cls);
        assert_string_equal(r.outcome.code, outcomes[i].code);
        if (outcomes[i].text)
            assert_string_equal(r.outcome.text, outcomes[i].text);
        bool wide = strcmp(outcomes[i].which, "long") == 0;

        assert_int_equal(r.receipt_bytes, wide ? 8192 : 0);
        assert_int_equal(r.outcome.retry_after_seconds, wide ? 86400 : 0);
        if (wide)
            assert_int_equal(strlen(r.outcome.text), 199);
    }
    assert_true(rig_logged(&rig, "\"host.broken-rule\"", "\"adapter\":\"bad-outcome\""));
    rig_close(&rig, 1000);
}

static void a_meaningless_answer_is_later(void **state)
{
    struct result r = {0};
    struct rig rig;

    (void)state;
    open_with_loopback(&rig);
    add_good(&rig, "bad-answer", "bad_answer");
    rig_deliver(&rig, "bad-answer", "", &r);
    assert_int_equal(r.outcome.cls, CORV_LATER);
    assert_string_equal(r.outcome.code, "host.bad-answer");
    assert_int_equal(r.releases, 0); /* it may have kept the message */
    goes_on(&rig);
    rig_close(&rig, 1000);
    assert_int_equal(r.releases, 1);
    assert_int_equal(r.dones, 1);
}

/* ---- time --------------------------------------------------------------------------------- */

static void silence_ends_at_the_deadline(void **state)
{
    enum { MANY = 70 };
    static struct result r[MANY];
    struct result refused_more = {0};
    struct rig rig;
    const struct corv_outgoing_spec spec = rig_spec("", corv_view_str("x"));

    (void)state;
    memset(r, 0, sizeof r);
    open_with_loopback(&rig);
    add_good(&rig, "never", "never");
    int64_t began = corv_clock_mono_us();

    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(rig_send(&rig, "never", &spec, 50, &r[i]), CORV_OK);
    goes_on(&rig);
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(rig_until(&rig, &r[i].dones, 1, 10000));
        assert_int_equal(r[i].outcome.cls, CORV_LATER);
        assert_string_equal(r[i].outcome.code, "deliver.timeout");
        assert_int_equal(r[i].releases, 0); /* it may still be reading */
    }
    assert_true(corv_clock_mono_us() - began >= 1000000);
    assert_int_equal(rig_stats(&rig, "never").timeouts, MANY);
    assert_int_equal(rig_stats(&rig, "never").silent, MANY);
    assert_true(rig_logged(&rig, "\"host.silent\"", "\"adapter\":\"never\""));

    /* It sits on so many that it gets no more. */
    assert_int_equal(rig_send(&rig, "never", &spec, 50, &refused_more), CORV_OK);
    assert_true(rig_until(&rig, &refused_more.releases, 1, 500));
    assert_string_equal(refused_more.outcome.code, "host.silent");
    goes_on(&rig);
    rig_close(&rig, 100);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(r[i].dones, 1);
        assert_int_equal(r[i].releases, 1);
    }
}

static void closing_does_not_wait_for_the_silent(void **state)
{
    struct result r = {0};
    struct rig rig;
    const struct corv_outgoing_spec spec = rig_spec("", corv_view_str("x"));

    (void)state;
    open_with_loopback(&rig);
    add_good(&rig, "never", "never");
    assert_int_equal(rig_send(&rig, "never", &spec, 600000, &r), CORV_OK);
    int64_t began = corv_clock_mono_us();

    rig_close(&rig, 200);
    assert_true(corv_clock_mono_us() - began < 5000000);
    assert_int_equal(r.dones, 1);
    assert_int_equal(r.releases, 1);
    assert_string_equal(r.outcome.code, "host.stopped");
}

static void the_slow_one_is_named(void **state)
{
    struct result r = {0};
    struct rig rig;

    (void)state;
    open_with_loopback(&rig);
    add_good(&rig, "blocks", "blocks");
    rig_deliver(&rig, "blocks", "", &r);
    assert_int_equal(r.outcome.cls, CORV_DELIVERED);
    assert_true(r.outcome.took_us >= 300000);
    assert_true(rig_stats(&rig, "blocks").call_us_max >= 300000);
    assert_int_equal(rig_stats(&rig, "blocks").slow_calls, 1);
    assert_true(rig_logged(&rig, "\"host.slow\"", "\"adapter\":\"blocks\""));
    assert_true(rig_logged(&rig, "\"host.slow\"", "\"what\":\"deliver\""));
    assert_false(rig_logged(&rig, "\"host.slow\"", "\"adapter\":\"loopback\""));
    rig_close(&rig, 1000);
}

static void what_is_forgotten_is_cleaned_up(void **state)
{
    struct rig rig;

    (void)state;
    open_with_loopback(&rig);
    add_good(&rig, "leftovers", "leftovers");
    goes_on(&rig); /* with a timer that always is due and a descriptor that always is ready */
    corv_hosts_close(rig.hosts, 100, rig_closed, &rig);
    (void)uv_run(&rig.loop, UV_RUN_DEFAULT);
    assert_true(rig_logged(&rig, "\"host.leftover\"", "\"adapter\":\"leftovers\""));
    rig.hosts = NULL;
    rig_close(&rig, 0);
}

/* ---- numbers and life --------------------------------------------------------------------- */

struct chain {
    struct rig *rig;
    unsigned left;
    unsigned done;
    struct corv_outgoing_spec spec;
};

static void deliver_next(void *ctx, const struct corv_host_outcome *o)
{
    struct chain *c = ctx;

    assert_int_equal(o->cls, CORV_DELIVERED);
    c->done++;
    if (c->left-- > 0)
        assert_int_equal(
            corv_hosts_deliver(c->rig->hosts, "loopback", &c->spec, 1000, deliver_next, c),
            CORV_OK);
}

static void released(void *ctx)
{
    (void)ctx;
}

/* done may deliver at once; the loop gets its turn in between and memory does not grow. */
static void thousands_one_after_another(void **state)
{
    struct rig rig;
    struct chain c = {.rig = &rig, .left = 20000};

    (void)state;
    open_with_loopback(&rig);
    c.spec = rig_spec("loopback:ok", corv_view_str("x"));
    c.spec.release = released;
    assert_int_equal(
        corv_hosts_deliver(rig.hosts, "loopback", &c.spec, 1000, deliver_next, &c), CORV_OK);
    assert_true(rig_until(&rig, &c.done, 20001, 60000));
    assert_int_equal(rig_stats(&rig, "loopback").delivered, 20001);
    rig_close(&rig, 1000);
}

static void many_at_once_and_closed(void **state)
{
    enum { MANY = 1000 };
    static struct result r[MANY];
    struct rig rig;
    const struct corv_outgoing_spec spec = rig_spec("loopback:slow-60000", corv_view_str("x"));

    (void)state;
    memset(r, 0, sizeof r);
    open_with_loopback(&rig);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(rig_send(&rig, "loopback", &spec, 600000, &r[i]), CORV_OK);
    rig_close(&rig, 50);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(r[i].dones, 1);
        assert_int_equal(r[i].releases, 1);
        assert_string_equal(r[i].outcome.code, "host.stopped");
    }
}

static void a_closing_host_takes_nothing(void **state)
{
    struct result first = {0};
    struct result r = {0};
    struct rig rig;
    const struct corv_outgoing_spec spec = rig_spec("loopback:slow-100", corv_view_str("x"));

    (void)state;
    open_with_loopback(&rig);
    assert_int_equal(rig_send(&rig, "loopback", &spec, 10000, &first), CORV_OK);
    corv_hosts_close(rig.hosts, 10000, rig_closed, &rig);
    assert_int_equal(rig_send(&rig, "loopback", &spec, 10000, &r), CORV_E_STATE);
    assert_int_equal(r.dones, 0);
    (void)uv_run(&rig.loop, UV_RUN_DEFAULT);
    assert_int_equal(first.dones, 1);
    assert_string_equal(first.outcome.code, "loopback.ok"); /* there was time to finish */
    rig.hosts = NULL;
    rig_close(&rig, 0);
}

static void settings_that_cannot_change_stay(void **state)
{
    struct corv_fault f = {0};
    const struct corv_host_entry e = {.name = "loopback", .library = "builtin:loopback"};
    const struct corv_host_entry nobody = {.name = "niemand", .library = "builtin:loopback"};
    struct rig rig;

    (void)state;
    open_with_loopback(&rig);
    assert_int_equal(corv_hosts_reconfigure(rig.hosts, &e, &f), CORV_E_STATE);
    assert_string_equal(f.code, "adapter.reconfigure");
    f = (struct corv_fault){0};
    assert_int_equal(corv_hosts_reconfigure(rig.hosts, &nobody, &f), CORV_E_NOTFOUND);
    goes_on(&rig);
    rig_close(&rig, 1000);
}

/* ---- the template ------------------------------------------------------------------------- */

static void read_all(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "rb");
    size_t n = file ? fread(out, 1, size - 1, file) : 0;

    out[n] = '\0';
    if (file)
        (void)fclose(file);
}

static void the_template_appends(void **state)
{
    char text[4096];
    char path[128];
    char file[128];
    struct result r = {0};
    struct corv_fault f;
    struct rig rig;

    (void)state;
    (void)snprintf(file, sizeof file, "%s/berichten", dir);
    const struct corv_host_setting s[] = {{"file", file}};

    open_with_loopback(&rig);
    assert_int_equal(rig_add(&rig, "template", place("template", path), s, 1, &f), CORV_OK);
    struct corv_outgoing_spec spec = rig_spec("", corv_view_str("<een/>"));

    for (unsigned i = 1; i <= 2; i++) {
        spec.attempt = i;
        assert_int_equal(rig_send(&rig, "template", &spec, 10000, &r), CORV_OK);
        assert_true(rig_until(&rig, &r.dones, i, 10000));
        assert_string_equal(r.outcome.code, "file.written");
    }
    rig_close(&rig, 1000);
    read_all(file, text, sizeof text);
    assert_string_equal(text, "0190b4a2-0000-7000-8000-000000000002 "
                              "0190b4a2-0000-7000-8000-000000000001 1 6\n<een/>\n"
                              "0190b4a2-0000-7000-8000-000000000002 "
                              "0190b4a2-0000-7000-8000-000000000001 2 6\n<een/>\n");
}

static void the_template_leaves_no_half_record(void **state)
{
    char text[4096];
    char path[128];
    char file[128];
    struct result r = {0};
    struct corv_fault f;
    struct rlimit old;
    struct rig rig;

    (void)state;
    (void)snprintf(file, sizeof file, "%s/vol", dir);
    const struct corv_host_setting s[] = {{"file", file}};

    open_with_loopback(&rig);
    assert_int_equal(rig_add(&rig, "template", place("template", path), s, 1, &f), CORV_OK);
    rig_deliver(&rig, "template", "", &r);
    assert_string_equal(r.outcome.code, "file.written");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit full = {100, old.rlim_max}; /* the "disk" is full in the middle of a record */

    (void)signal(SIGXFSZ, SIG_IGN);
    corv_log_set_fd(-1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    rig_deliver(&rig, "template", "", &r);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    corv_log_set_fd(rig.log_fd);
    assert_string_equal(r.outcome.code, "file.failed");
    assert_int_equal(r.outcome.cls, CORV_LATER);
    read_all(file, text, sizeof text);
    assert_string_equal(text, "0190b4a2-0000-7000-8000-000000000002 "
                              "0190b4a2-0000-7000-8000-000000000001 1 10\n<bericht/>\n");
    rig_deliver(&rig, "template", "", &r);
    assert_string_equal(r.outcome.code, "file.written");
    rig_close(&rig, 1000);
}

static int make_dir(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/corv-host-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    char command[128];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command); /* NOLINT(cert-env33-c): a fixed command of our own */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_ones_are_refused_by_name),
        cmocka_unit_test(files_others_can_write_are_not_loaded),
        cmocka_unit_test(one_file_per_name_one_name_per_instance),
        cmocka_unit_test(check_makes_nothing),
        cmocka_unit_test(adapters_of_older_minors_work),
        cmocka_unit_test(one_done_whatever_it_says),
        cmocka_unit_test(strangers_numbers_change_nothing),
        cmocka_unit_test(answers_from_another_thread),
        cmocka_unit_test(the_loops_services_are_the_loops),
        cmocka_unit_test(outcomes_are_cleaned),
        cmocka_unit_test(a_meaningless_answer_is_later),
        cmocka_unit_test(silence_ends_at_the_deadline),
        cmocka_unit_test(closing_does_not_wait_for_the_silent),
        cmocka_unit_test(the_slow_one_is_named),
        cmocka_unit_test(what_is_forgotten_is_cleaned_up),
        cmocka_unit_test(thousands_one_after_another),
        cmocka_unit_test(many_at_once_and_closed),
        cmocka_unit_test(a_closing_host_takes_nothing),
        cmocka_unit_test(what_is_offered_need_not_be_known),
        cmocka_unit_test(settings_that_cannot_change_stay),
        cmocka_unit_test(the_template_appends),
        cmocka_unit_test(the_template_leaves_no_half_record),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
