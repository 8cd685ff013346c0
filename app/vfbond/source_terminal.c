/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The terminal on standard input: librte_cmdline's rdline edits the line, this file feeds it keys
 * and keeps from it what it would lose or get wrong without a word.
 */
#include "source_impl.h"
#include "source_keys.h"

#include <cmdline_rdline.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const char PROMPT[] = "vfbond> ";

enum { CTRL_U = 21 };

struct terminal {
	struct source source;
	struct rdline *rdline;
	struct keys keys;
	struct termios was;
	char in[4096]; /* read, not yet typed: a paste, or what came during a sleep */
	size_t in_start, in_end;
	bool prompting; /* the line is shown and takes keys */
	bool entered;   /* @line was ended with Return */
	bool hung_up;
	char line[1024];     /* rdline holds half of it at most */
	const char *lost;    /* why the line on the screen is not what was typed; NULL: it is */
	struct text choices; /* of the last completion, one per line */
};

/* atexit passes no context: the terminal that must be put back, by rte_exit and exit() too. */
static struct terminal *to_restore;

static void
restore(void)
{
	/* TCSANOW: a terminal stopped by Ctrl-S must not hold up the end. */
	if (to_restore != NULL)
		tcsetattr(to_restore->source.fd, TCSANOW, &to_restore->was);
	to_restore = NULL;
}

static int
make_raw(struct terminal *t)
{
	struct termios raw;

	if (tcgetattr(t->source.fd, &t->was) < 0)
		return -errno;
	raw = t->was;
	/* ISIG stays: Ctrl-C interrupts. Ctrl-Z does not, for a stopped dataplane forwards nothing.
	 */
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VSUSP] = _POSIX_VDISABLE;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(t->source.fd, TCSANOW, &raw) < 0)
		return -errno;
	to_restore = t;
	return 0;
}

static int
on_write(struct rdline *rl, char c)
{
	struct terminal *t = rdline_get_opaque(rl);

	/* Only ever before a newline, where OPOST adds one already. */
	if (c != '\r')
		sink_add(t->source.out, &c, 1);
	return 0;
}

static void
on_entered(struct rdline *rl, const char *buf, unsigned int size)
{
	struct terminal *t = rdline_get_opaque(rl);
	size_t len = strcspn(buf, "\n");

	(void)size; /* counts what stands left of the cursor only */
	if (len >= sizeof(t->line))
		len = sizeof(t->line) - 1;
	memcpy(t->line, buf, len);
	t->line[len] = '\0';
	t->entered = true;
}

/* How many bytes all lines of @choices have in common; 0 as soon as one is a placeholder. */
static size_t
common_bytes(const char *choices)
{
	size_t common = strcspn(choices, "\n");

	for (const char *s = choices; *s != '\0'; s += strcspn(s, "\n") + 1) {
		if (*s == '<')
			return 0;
		for (size_t i = 0; i < common; i++)
			if (s[i] != choices[i])
				common = i;
	}
	return common;
}

/* What the tab key types: the rest of the only choice, or as far as all choices agree. */
static bool
complete_word(const char *choices, const char *line, char *dst, size_t size)
{
	size_t common = common_bytes(choices);
	size_t only = strcspn(choices, "\n");
	bool single = choices[only] == '\n' && choices[only + 1] == '\0';
	const char *begun = line + strlen(line);
	size_t len;

	while (begun > line && begun[-1] != ' ' && begun[-1] != '\t')
		begun--;
	len = strlen(begun);
	if (len > common || memcmp(begun, choices, len) != 0 || (len == common && !single) ||
	    common == 0 || common - len + 2 > size)
		return false;
	memcpy(dst, choices + len, common - len);
	dst[common - len] = '\0';
	/* A blank behind "KEY=" would end the word before its value. */
	if (single && choices[only - 1] != '=')
		strcat(dst, " ");
	return true;
}

/*
 * rdline's protocol: *@state is 0 for the tab key and -1 for '?'; return RDLINE_RES_COMPLETE to
 * type
 * @dst, or 1 to have it listed and be called again, until 0. Here *@state is where to go on.
 */
static int
on_complete(struct rdline *rl, const char *line, char *dst, unsigned int size, int *state)
{
	struct terminal *t = rdline_get_opaque(rl);
	const char *choices;
	size_t len;

	if (*state <= 0) {
		text_clear(&t->choices);
		command_complete(line, &t->choices);
		choices = text_str(&t->choices);
		if (*state == 0 && complete_word(choices, line, dst, size))
			return RDLINE_RES_COMPLETE;
		*state = 0;
	}
	choices = text_str(&t->choices) + *state;
	len = strcspn(choices, "\n");
	if (len == 0 || len >= size)
		return 0;
	memcpy(dst, choices, len);
	dst[len] = '\0';
	*state += (int)len + 1;
	return 1;
}

static size_t
line_len(struct terminal *t)
{
	return strcspn(rdline_get_buffer(t->rdline), "\n");
}

static void
clear_line(struct terminal *t)
{
	rdline_reset(t->rdline);
	rdline_redisplay(t->rdline);
	t->lost = NULL;
}

/*
 * Give rdline a byte. It drops without a word what does not fit and what is not ASCII, and takes
 * '?' for a question: fine for who looks at the screen, but a paste must not be run without them.
 */
static int
type(struct terminal *t, char c, bool more)
{
	size_t before = line_len(t);
	int ret;

	if (c == '\t' && more)
		c = ' '; /* pasted */
	if (c == '?' && more)
		t->lost = "it has a ?, which asks for help here";
	if ((unsigned char)c >= 0x80)
		t->lost = "only ASCII can be typed here";
	ret = rdline_char_in(t->rdline, c);
	if (t->entered)
		return ret;
	if (isprint((unsigned char)c) && c != '?' && line_len(t) == before)
		t->lost = "it is longer than the terminal's line; a command file takes 4095 bytes";
	else if (line_len(t) == 0)
		t->lost = NULL;
	return ret;
}

/* One byte of input. True when the user asked for the end with Ctrl-D. */
static bool
key(struct terminal *t, char c, bool more)
{
	const char *seq;

	switch (keys_in(&t->keys, c, &seq)) {
	case KEYS_HELD:
		return false;
	case KEYS_SEQUENCE:
		for (; *seq != '\0'; seq++)
			rdline_char_in(t->rdline, *seq);
		return false;
	case KEYS_BYTE:
		break;
	}
	if (c == CTRL_U) {
		clear_line(t);
		return false;
	}
	return type(t, c, more) == RDLINE_RES_EOF;
}

static void
remember(struct terminal *t)
{
	const char *last = rdline_get_history_item(t->rdline, 0);

	if (t->line[strspn(t->line, " \t")] == '\0')
		return;
	if (last == NULL || strcmp(last, t->line) != 0)
		rdline_add_history(t->rdline, t->line);
}

static void
run_entered(struct terminal *t)
{
	struct text why = TEXT_EMPTY;

	t->entered = false;
	t->prompting = false;
	if (t->lost == NULL) {
		remember(t);
		source_run_line(&t->source, t->line, strlen(t->line));
		return;
	}
	text_printf(&why, "the line was not run: %s", t->lost);
	t->lost = NULL;
	source_refuse_line(&t->source, -EINVAL, text_str(&why));
	text_fini(&why);
}

static void
terminal_input(struct source *s)
{
	struct terminal *t = (struct terminal *)s;

	if (!t->prompting) {
		rdline_newline(t->rdline, PROMPT);
		t->prompting = true;
	}
	while (t->in_start < t->in_end) {
		char c = t->in[t->in_start++];

		if (key(t, c, t->in_start < t->in_end)) {
			sink_puts(s->out, "\n");
			t->prompting = false;
			source_run_line(s, "quit", strlen("quit"));
			return;
		}
		if (t->entered) {
			run_entered(t);
			return;
		}
	}
	sink_flush(s->out);
	if (!t->hung_up) {
		source_wait(s, s->fd);
		return;
	}
	source_end(s);
	if (s->owner->events.input_done != NULL)
		s->owner->events.input_done(s->owner->app);
}

static void
terminal_readable(struct source *s)
{
	struct terminal *t = (struct terminal *)s;
	ssize_t n = read(s->fd, t->in, sizeof(t->in));

	t->in_start = 0;
	t->in_end = n > 0 ? (size_t)n : 0;
	/* EIO: the other side of the terminal is gone. */
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		t->hung_up = true;
	source_step(s);
}

void
terminal_hide(struct terminal *t)
{
	if (t != NULL && t->prompting)
		sink_puts(t->source.out, "\r\033[K");
}

void
terminal_show(struct terminal *t)
{
	if (t != NULL && t->prompting)
		rdline_redisplay(t->rdline);
}

struct source *
terminal_source(struct terminal *t)
{
	return &t->source;
}

int
terminal_new(struct sources *owner, struct terminal **ret)
{
	static const struct source_kind kind = {
		.input = terminal_input,
		.readable = terminal_readable,
		.answer = source_print_error,
	};
	struct terminal *t = calloc(1, sizeof(*t));
	int err;

	if (t == NULL)
		return -ENOMEM;
	err = source_init(&t->source, owner, &kind, &owner->out, owner->in_fd);
	if (err != 0)
		goto fail;
	t->rdline = rdline_new(on_write, on_entered, on_complete, t);
	if (t->rdline == NULL) {
		err = -ENOMEM;
		goto fail;
	}
	err = atexit(restore) == 0 ? make_raw(t) : -ENOMEM;
	if (err != 0)
		goto fail;
	source_again(&t->source);
	*ret = t;
	return 0;

fail:
	terminal_free(t);
	return err;
}

struct terminal *
terminal_free(struct terminal *t)
{
	if (t == NULL)
		return NULL;
	if (to_restore == t)
		restore();
	source_fini(&t->source);
	rdline_free(t->rdline);
	text_fini(&t->choices);
	free(t);
	return NULL;
}
