/* SPDX-License-Identifier: BSD-3-Clause */
/* See bond_words.h, and command_argument_words in command.h. */
#include "bond_words.h"

#include "command.h"
#include "option.h"

#include <ctype.h>
#include <string.h>

enum { HELP_COLUMN = 36 };

/* One remark after another: the first with " (" before it, the others with "; ". */
struct remarks {
	struct text *text;
	bool begun;
};

static struct text *
next_remark(struct remarks *r)
{
	text_puts(r->text, r->begun ? "; " : " (");
	r->begun = true;
	return r->text;
}

static void
put_modes(const struct bond_option *o, struct text *ret)
{
	const char *separator = "only in mode ";

	for (unsigned m = 0; m < BOND_MODE_COUNT; m++) {
		if ((o->modes >> m & 1) == 0)
			continue;
		text_printf(ret, "%s%s", separator, bond_mode_names[m]);
		separator = ", ";
	}
}

/* The help of @o, and in brackets its default and when it can be set. */
static void
put_help(const struct bond_option *o, struct text *ret)
{
	struct remarks r = {.text = ret};
	struct bond_settings initial;

	text_puts(ret, o->help);
	if ((o->flags & (BOND_OPTION_MEMBER | BOND_OPTION_NEEDS_MEMBER)) == 0) {
		bond_settings_default(&initial, "");
		text_puts(next_remark(&r), "default ");
		o->show(o, &initial, ret);
	}
	if (o->modes != (1 << BOND_MODE_COUNT) - 1)
		put_modes(o, next_remark(&r));
	if ((o->flags & BOND_OPTION_NO_MEMBERS) != 0)
		text_puts(next_remark(&r), "changed only without members");
	if ((o->flags & BOND_OPTION_DOWN) != 0)
		text_puts(next_remark(&r), "changed only while the bond is down");
	if ((o->flags & BOND_OPTION_AT_CREATION) != 0)
		text_puts(next_remark(&r), "at creation only");
	if ((o->flags & BOND_OPTION_MEMBER) != 0)
		text_puts(next_remark(&r), "changed by set bond NAME member PORT");
	if ((o->flags & BOND_OPTION_OURS) != 0)
		text_puts(next_remark(&r), "not an option of Linux's");
	if (r.begun)
		text_puts(ret, ")");
}

static void
put_names(const struct bond_option *o, struct text *ret)
{
	text_puts(ret, o->name);
	if (o->alias != NULL)
		text_printf(ret, ", %s", o->alias);
}

void
bond_words_help(struct text *ret)
{
	struct text left = TEXT_EMPTY;

	text_puts(ret, "\nOptions of a bond (KEY=VALUE, or OPTION VALUE):\n");
	for (size_t i = 0; i < bond_options_count; i++) {
		const struct bond_option *o = &bond_options[i];

		text_clear(&left);
		put_names(o, &left);
		text_printf(&left, " = %s", o->values);
		/* As in the list of commands: what is too long has a line of its own. */
		if (left.len > HELP_COLUMN - 4)
			text_printf(ret, "  %s\n%*s", text_str(&left), HELP_COLUMN, "");
		else
			text_printf(ret, "  %-*s", HELP_COLUMN - 2, text_str(&left));
		put_help(o, ret);
		text_puts(ret, "\n");
	}
	ret->no_mem |= left.no_mem;
	text_fini(&left);
}

void
bond_words_rows(struct text *ret)
{
	for (size_t i = 0; i < bond_options_count; i++) {
		const struct bond_option *o = &bond_options[i];

		put_names(o, ret);
		text_printf(ret, " | %s | ", o->values);
		put_help(o, ret);
		if (o->pmd != NULL)
			text_printf(ret, "; restricted with io_path=pmd: %s", o->pmd);
		text_puts(ret, "\n");
	}
}

/* Whether an alternative of struct bond_option's values is a word to be typed as it stands. */
static bool
is_word(const char *s, size_t len)
{
	bool number = true;

	for (size_t i = 0; i < len; i++) {
		if (isupper((unsigned char)s[i]) || (i + 1 < len && s[i] == '.' && s[i + 1] == '.'))
			return false;
		number = number && isdigit((unsigned char)s[i]);
	}
	return len != 0 && !number;
}

/* The words that @o takes, each behind @before. */
static void
add_values(const struct bond_option *o, const char *before, struct text *ret)
{
	const char *s = o->values;

	for (;;) {
		size_t len = strcspn(s, "| ");

		if (is_word(s, len))
			text_printf(ret, "%s%.*s\n", before, (int)len, s);
		/* Behind a blank is a remark in brackets. */
		if (s[len] != '|')
			return;
		s += len + 1;
	}
}

/* Options of which no flag is among @without, and at least one among @with unless that is 0. */
static void
add_names(unsigned with, unsigned without, struct text *ret)
{
	for (size_t i = 0; i < bond_options_count; i++) {
		const struct bond_option *o = &bond_options[i];

		if ((with == 0 || (o->flags & with) != 0) && (o->flags & without) == 0)
			text_printf(ret, "%s\n", o->name);
	}
}

static bool
is_given(const struct command_place *place, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < place->nb_tokens; i++)
		if (strncmp(place->tokens[i], name, len) == 0 && place->tokens[i][len] == '=')
			return true;
	return false;
}

/* KEY= for the options that the line does not name yet; behind KEY= what it takes. */
static void
add_settings(const struct command_place *place, struct text *ret)
{
	size_t key = strcspn(place->begun, "=");

	for (size_t i = 0; i < bond_options_count; i++) {
		const struct bond_option *o = &bond_options[i];
		char before[64];

		if (place->begun[key] == '\0') {
			if (!is_given(place, o->name))
				text_printf(ret, "%s=\n", o->name);
			continue;
		}
		snprintf(before, sizeof(before), "%.*s", (int)key, place->begun);
		if (bond_option_find(before) == o) {
			strcat(before, "=");
			add_values(o, before, ret);
		}
	}
}

void
command_argument_words(const struct command_place *place, struct text *ret)
{
	bool set = strcmp(place->command->id, "set_bond_option") == 0;
	bool set_member = strcmp(place->command->id, "set_bond_member_option") == 0;
	bool show = strcmp(place->command->id, "show_bond_option") == 0;
	bool create = strcmp(place->command->id, "create_bond") == 0;
	const struct bond_option *o;

	if (create && strcmp(place->argument, "KEY=VALUE") == 0) {
		add_settings(place, ret);
	} else if (set && strcmp(place->argument, "OPTION") == 0) {
		add_names(0, BOND_OPTION_MEMBER | BOND_OPTION_AT_CREATION, ret);
	} else if (set_member && strcmp(place->argument, "OPTION") == 0) {
		add_names(BOND_OPTION_MEMBER, 0, ret);
	} else if (show && strcmp(place->argument, "OPTION") == 0) {
		add_names(0, 0, ret);
	} else if (set && strcmp(place->argument, "VALUE") == 0) {
		o = bond_option_find(place->tokens[place->nb_tokens - 1]);
		if (o != NULL)
			add_values(o, "", ret);
	}
}
