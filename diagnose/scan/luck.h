/* Short cuts that are left out for a while where they lead nowhere. */

enum { LONGEST_IDLE = 2047, MOST_LUCK = 16 };

typedef struct {
    int32_t score;            /* whether the cut led anywhere lately */
    int32_t idle;             /* how many lines go by that do not try it */
} Luck;

/* Whether to try it with this line. */
static inline int tries(Luck *luck)
{
    if (luck->idle == 0)
        return 1;
    luck->idle--;
    return 0;
}

static inline void had_luck(Luck *luck) { luck->score = luck->score < MOST_LUCK ? luck->score + 2 : luck->score; }

static inline void had_none(Luck *luck)
{
    if (--luck->score < -MOST_LUCK) {
        luck->idle = LONGEST_IDLE;
        luck->score = 0;
    }
}
