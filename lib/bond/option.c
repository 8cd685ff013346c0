/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is done with the table of options: settings from words and words from settings, changes of
 * an existing bond, and what the bond PMD cannot do. Used by lib/bond, command line and console.
 */
#include "option.h"

#include "option_priv.h"
#include "reason.h"
#include "text.h"

#include <rte_common.h>
#include <rte_string_fns.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* For names that resemble what is none. */
enum {
	NEAR_MAX = 2,        /* bytes that differ, at most */
	NEAR_PART_BYTES = 4, /* a part of a name, at least */
	NEAR_BYTES_MAX = 32, /* longer than all names */
};

const struct bond_option *
bond_option_find(const char *name)
{
	for (size_t i = 0; i < bond_options_count; i++) {
		const struct bond_option *o = &bond_options[i];

		if (strcmp(o->name, name) == 0 || (o->alias != NULL && strcmp(o->alias, name) == 0))
			return o;
	}
	return NULL;
}

void
bond_settings_default(struct bond_settings *ret, const char *name)
{
	memset(ret, 0, sizeof(*ret));
	rte_strscpy(ret->name, name, sizeof(ret->name));
	for (size_t i = 0; i < bond_options_count; i++)
		if (bond_options[i].scalar != NULL)
			option_field_set(&bond_options[i], ret, bond_options[i].scalar->initial);
}

int
bond_name_check(const char *name, struct reason *why)
{
	size_t len = strlen(name);
	bool ok = len >= 1 && len < BOND_NAME_BYTES && isalpha((unsigned char)name[0]) &&
	          strcmp(name, "all") != 0;

	for (size_t i = 1; ok && i < len; i++)
		ok = isalnum((unsigned char)name[i]) || strchr("_.-", name[i]) != NULL;
	if (!ok)
		return reason_set(
			why,
			-EINVAL,
			"bond \"%.40s\": a name is a letter and up to %d letters, digits, "
			"_ . or -, and not \"all\"",
			name,
			BOND_NAME_BYTES - 2
		);
	return 0;
}

/*
 * How many bytes must be put in, taken out or changed to make @a of @b (Levenshtein), up to
 * NEAR_BYTES_MAX bytes of each.
 */
static unsigned
distance(const char *a, const char *b)
{
	size_t nb_b = strnlen(b, NEAR_BYTES_MAX);
	unsigned row[NEAR_BYTES_MAX + 1];

	for (unsigned k = 0; k <= nb_b; k++)
		row[k] = k;
	for (unsigned i = 0; i < NEAR_BYTES_MAX && a[i] != '\0'; i++) {
		unsigned diagonal = row[0];

		row[0] = i + 1;
		for (unsigned k = 1; k <= nb_b; k++) {
			unsigned changed = diagonal + (a[i] != b[k - 1]);

			diagonal = row[k];
			row[k] = RTE_MIN(changed, RTE_MIN(row[k], row[k - 1]) + 1);
		}
	}
	return row[nb_b];
}

/* How far @name is from what the user typed; more than NEAR_MAX: too far to be what was meant. */
static unsigned
farness(const char *typed, const char *name)
{
	unsigned far = distance(typed, name);

	if (strlen(typed) >= NEAR_PART_BYTES && strstr(name, typed) != NULL)
		return 1;
	/* Half of the name at least must be there: "lacp" is not "mac". */
	return 2 * far <= strlen(name) ? far : NEAR_MAX + 1;
}

/* Up to @max names and aliases that resemble @typed, the most alike first; how many. */
static unsigned
find_near(const char *typed, const char **ret, unsigned max)
{
	unsigned n = 0;

	for (unsigned far = 0; far <= NEAR_MAX; far++)
		for (size_t i = 0; i < bond_options_count && n < max; i++) {
			const struct bond_option *o = &bond_options[i];

			if (farness(typed, o->name) == far)
				ret[n++] = o->name;
			else if (o->alias != NULL && farness(typed, o->alias) == far)
				ret[n++] = o->alias;
		}
	return n;
}

int
bond_option_unknown(const char *bond, const char *option, struct reason *why)
{
	const char *near[3];
	unsigned n = find_near(option, near, RTE_DIM(near));

	return reason_set(
		why,
		-EINVAL,
		"%s: unknown option \"%.40s\"%s%s%s%s%s%s (help create bond lists all)",
		bond,
		option,
		n > 0 ? ", perhaps " : "",
		n > 0 ? near[0] : "",
		n > 1 ? " or " : "",
		n > 1 ? near[1] : "",
		n > 2 ? " or " : "",
		n > 2 ? near[2] : ""
	);
}

static int
check_mode(const struct bond_option *o, const struct bond_settings *s, struct reason *why)
{
	char names[256] = "";
	size_t len = 0;

	if ((o->modes >> s->mode & 1) != 0)
		return 0;
	for (unsigned m = 0; m < BOND_MODE_COUNT; m++)
		if ((o->modes >> m & 1) != 0)
			len += (size_t)snprintf(
				names + len,
				sizeof(names) - len,
				"%s%s",
				len != 0 ? ", " : "",
				bond_mode_names[m]
			);
	return reason_set(
		why,
		-EACCES,
		"%s: option %s is not for mode %s, only for %s",
		s->name,
		o->name,
		bond_mode_names[s->mode],
		names
	);
}

/* The sentence about a value that was refused with @err because of @what. */
static int
refuse_value(
	const struct bond_settings *s,
	const struct bond_option *o,
	int err,
	const struct reason *what,
	struct reason *why
)
{
	if (err != -EINVAL)
		return reason_set(why, err, "%s: option %s: %s", s->name, o->name, what->text);
	return reason_set(
		why, err, "%s: option %s: %s (allowed: %s)", s->name, o->name, what->text, o->values
	);
}

/* Parse with a full sentence in @why. */
static int
apply_value(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	struct reason what;
	int rc = o->parse(o, s, value, &what);

	return rc == 0 ? 0 : refuse_value(s, o, rc, &what, why);
}

/* For BOND_OPTION_NEEDS_MEMBER: a port that is none now cannot be named. */
static int
check_member(
	const struct bond_option *o,
	const struct bond_settings *s,
	const struct bond_option_state *state,
	const char *value,
	struct reason *why
)
{
	struct reason what;

	if ((o->flags & BOND_OPTION_NEEDS_MEMBER) == 0 || value[0] == '\0' ||
	    strcmp(value, "none") == 0 ||
	    (state->is_member != NULL && state->is_member(state->ctx, value)))
		return 0;
	return refuse_value(
		s, o, reason_set(&what, -EINVAL, "\"%.80s\" is no member", value), &what, why
	);
}

/* Settings on the way from the defaults to what one creation message says. */
struct creation {
	struct bond_settings s;
	bool miimon_given; /* and not 0 */
};

/*
 * Whether @value switches an ARP monitor on. A number that is none is not judged here but when it
 * is applied.
 */
static bool
is_not_0(const struct bond_option *o, const char *value)
{
	uint32_t v;

	return option_scalar_read(o->scalar, value, &v, NULL) == 0 && v != 0;
}

/* @arp: there will be an ARP monitor, so that miimon is not on by default (bonding.rst, miimon). */
static void
creation_begin(struct creation *c, const char *name, bool arp)
{
	bond_settings_default(&c->s, name);
	c->miimon_given = false;
	if (arp)
		c->s.miimon_ms = 0;
}

static bool
creation_is_member(void *ctx, const char *word)
{
	const struct bond_settings *s = ctx;

	for (unsigned i = 0; i < s->nb_members; i++)
		if (strcmp(s->members[i], word) == 0)
			return true;
	return false;
}

/* One option of the message, after those before it in the table. @c is untouched on failure. */
static int
creation_apply(
	struct creation *c, const struct bond_option *o, const char *value, struct reason *why
)
{
	const struct bond_option_state state = {.is_member = creation_is_member, .ctx = &c->s};
	struct reason what;
	int rc = check_mode(o, &c->s, why);

	if (rc == 0)
		rc = check_member(o, &c->s, &state, value, why);
	if (rc != 0)
		return rc;
	/* Later the last word counts, but not in one message: bond_changelink. */
	if ((OPTION_IS(o, arp_interval_ms) || OPTION_IS(o, arp_validate)) && c->miimon_given &&
	    is_not_0(o, value)) {
		reason_set(&what, 0, "it cannot be used with miimon=%u", c->s.miimon_ms);
		return refuse_value(&c->s, o, -EINVAL, &what, why);
	}
	rc = apply_value(o, &c->s, value, why);
	if (rc == 0 && OPTION_IS(o, miimon_ms))
		c->miimon_given = c->s.miimon_ms != 0;
	return rc;
}

/* Sort @words by option: @given has a value for each option in the table, NULL for none. */
static int
sort_words(
	const char *bond,
	int n,
	char *const *words,
	const char *given[OPTION_COUNT_MAX],
	struct reason *why
)
{
	for (int i = 0; i < n; i++) {
		const char *eq = strchr(words[i], '=');
		const struct bond_option *o;
		char key[32];

		if (eq == NULL || eq == words[i])
			return reason_set(
				why,
				-EINVAL,
				"%s: \"%.80s\" is not of the form key=value",
				bond,
				words[i]
			);
		snprintf(key, sizeof(key), "%.*s", (int)(eq - words[i]), words[i]);
		o = bond_option_find(key);
		if (o == NULL)
			return bond_option_unknown(bond, key, why);
		if (given[o - bond_options] != NULL)
			return reason_set(
				why, -EINVAL, "%s: option %s is given twice", bond, o->name
			);
		given[o - bond_options] = eq + 1;
	}
	return 0;
}

int
bond_settings_parse(
	struct bond_settings *ret, const char *name, int n, char *const *words, struct reason *why
)
{
	const char *given[OPTION_COUNT_MAX] = {NULL};
	struct creation c;
	bool arp = false;
	int rc = bond_name_check(name, why);

	if (rc == 0)
		rc = sort_words(name, n, words, given, why);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < bond_options_count; i++)
		if (OPTION_IS(&bond_options[i], arp_interval_ms) && given[i] != NULL)
			arp = is_not_0(&bond_options[i], given[i]);
	creation_begin(&c, name, arp);
	for (size_t i = 0; i < bond_options_count; i++) {
		if (given[i] == NULL)
			continue;
		rc = creation_apply(&c, &bond_options[i], given[i], why);
		if (rc != 0)
			return rc;
	}
	*ret = c.s;
	return 0;
}

int
bond_settings_parse_line(struct bond_settings *ret, const char *line, struct reason *why)
{
	enum { MAX_WORDS = OPTION_COUNT_MAX + 1 };
	char copy[4096], *words[MAX_WORDS], *save = NULL;
	int n = 0;

	if (strlen(line) >= sizeof(copy))
		return reason_set(why, -EINVAL, "--bond: longer than %zu bytes", sizeof(copy) - 1);
	strcpy(copy, line);
	for (char *w = strtok_r(copy, " \t", &save); w != NULL; w = strtok_r(NULL, " \t", &save)) {
		if (n == MAX_WORDS)
			return reason_set(why, -EINVAL, "--bond: more than %d words", MAX_WORDS);
		words[n++] = w;
	}
	if (n == 0)
		return reason_set(why, -EINVAL, "--bond: a name is missing, as in 'bond0 mode=1'");
	return bond_settings_parse(ret, words[0], n - 1, words + 1, why);
}

void
bond_settings_show(const struct bond_settings *s, struct text *ret)
{
	struct text wanted = TEXT_EMPTY, present = TEXT_EMPTY;
	const char *blank = "";
	struct creation c;

	creation_begin(&c, s->name, s->arp_interval_ms != 0);
	for (size_t i = 0; i < bond_options_count; i++) {
		const struct bond_option *o = &bond_options[i];

		text_clear(&wanted);
		text_clear(&present);
		o->show(o, s, &wanted);
		o->show(o, &c.s, &present);
		ret->no_mem |= wanted.no_mem || present.no_mem;
		if (strcmp(text_str(&wanted), text_str(&present)) == 0 ||
		    creation_apply(&c, o, text_str(&wanted), NULL) != 0)
			continue;
		text_printf(ret, "%s%s=%s", blank, o->name, text_str(&wanted));
		blank = " ";
	}
	text_fini(&wanted);
	text_fini(&present);
}

static int
check_present(
	const struct bond_option *o,
	const struct bond_settings *s,
	const struct bond_option_state *state,
	struct reason *why
)
{
	int rc;

	if ((o->flags & (BOND_OPTION_AT_CREATION | BOND_OPTION_MEMBER)) != 0)
		return reason_set(
			why,
			-EINVAL,
			"%s: option %s is set by commands of its own (see help)",
			s->name,
			o->name
		);
	rc = check_mode(o, s, why);
	if (rc != 0)
		return rc;
	if ((o->flags & BOND_OPTION_NO_MEMBERS) != 0 && state->nb_members != 0)
		return reason_set(
			why,
			-ENOTEMPTY,
			"%s: option %s needs a bond without members, it has %u",
			s->name,
			o->name,
			state->nb_members
		);
	if ((o->flags & BOND_OPTION_DOWN) != 0 && state->up)
		return reason_set(
			why,
			-EBUSY,
			"%s: option %s needs the bond down (set bond %s down)",
			s->name,
			o->name,
			s->name
		);
	return 0;
}

int
bond_option_set(
	struct bond_settings *s,
	const struct bond_option_state *state,
	const char *option,
	const char *value,
	struct reason *why
)
{
	const struct bond_option *o = bond_option_find(option);
	int rc;

	if (o == NULL)
		return bond_option_unknown(s->name, option, why);
	rc = check_present(o, s, state, why);
	if (rc == 0)
		rc = check_member(o, s, state, value, why);
	return rc == 0 ? apply_value(o, s, value, why) : rc;
}

int
bond_option_member_parse(
	const struct bond_option *o,
	const struct bond_settings *s,
	const char *value,
	int32_t *ret,
	struct reason *why
)
{
	struct reason what;
	int rc = check_mode(o, s, why);

	if (rc != 0)
		return rc;
	rc = option_member_read(o, value, ret, &what);
	if (rc != 0)
		return reason_set(why, rc, "%s: option %s: %s", s->name, o->name, what.text);
	return 0;
}

/* Whether the bond PMD does what @value, of an option that it has not every value of, says. */
static bool
pmd_can(const struct bond_option *o, const struct bond_settings *s, const char *value)
{
	struct bond_settings initial;
	struct text t = TEXT_EMPTY;
	bool can;

	/* Off by arp_interval, which is refused with better words. */
	if (OPTION_IS(o, miimon_ms))
		return s->miimon_ms != 0 || s->arp_interval_ms != 0;
	if (OPTION_IS(o, policy))
		return s->policy == BOND_POLICY_L2 || s->policy == BOND_POLICY_L34 ||
		       s->policy == BOND_POLICY_L23;
	bond_settings_default(&initial, s->name);
	o->show(o, &initial, &t);
	can = strcmp(text_str(&t), value) == 0;
	text_fini(&t);
	return can;
}

int
bond_settings_check_path(const struct bond_settings *s, struct reason *why)
{
	struct text value = TEXT_EMPTY;
	int rc = 0;

	if (!bond_settings_by_pmd(s)) {
		if (s->mode == BOND_MODE_8023AD && s->dedicated_queues)
			rc = reason_set(
				why,
				-ENOTSUP,
				"%s: option dedicated_queues=on needs io_path=pmd: with "
				"io_path=direct LACP frames go ahead of data in the queue",
				s->name
			);
		text_fini(&value);
		return rc;
	}
	for (size_t i = 0; rc == 0 && i < bond_options_count; i++) {
		const struct bond_option *o = &bond_options[i];

		/* What another mode had left has no effect in this one. */
		if (o->pmd == NULL || (o->modes >> s->mode & 1) == 0)
			continue;
		text_clear(&value);
		o->show(o, s, &value);
		if (!pmd_can(o, s, text_str(&value)))
			rc = reason_set(
				why,
				-ENOTSUP,
				"%s: option %s=%.80s needs io_path=direct: %s",
				s->name,
				o->name,
				text_str(&value),
				o->pmd
			);
	}
	text_fini(&value);
	return rc;
}
