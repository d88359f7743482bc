/*
 * kaplan_meier.h
 *		Survival curves from counts at times.
 */
#ifndef CRM_KAPLAN_MEIER_H
#define CRM_KAPLAN_MEIER_H

/* The scale on which the bounds of a curve are symmetric. */
typedef enum SurvivalScale
{
	SCALE_LOG_LOG,
	SCALE_LOG
} SurvivalScale;

/*
 * What happened at one time: who ended, who was lost from sight, who came under observation just
 * after it.
 */
typedef struct SurvivalTime
{
	int32 time;
	int64 ended;
	int64 censored;
	int64 entered;
} SurvivalTime;

/* The curve from one time on. */
typedef struct SurvivalStep
{
	int32 time;
	int64 at_risk;
	int64 ended;
	int64 censored;
	double survival;
	double std_error; /* of the survival; NaN where it is not defined, as are the bounds */
	double lower;
	double upper;
} SurvivalStep;

typedef struct SurvivalCurve
{
	int nsteps;
	SurvivalStep *steps; /* one for each time at which somebody ended or was lost */
} SurvivalCurve;

typedef struct LogRank
{
	double chi_square; /* NaN where the two curves cannot be compared */
	double p_value;
	int64 observed[2];
	double expected[2];
} LogRank;

extern SurvivalCurve crm_kaplan_meier(const SurvivalTime *times, int ntimes, SurvivalScale scale);
extern double crm_survival_at(const SurvivalCurve *curve, double time);
extern double crm_survival_median(const SurvivalCurve *curve, double *lower, double *upper);
extern double crm_restricted_mean(const SurvivalCurve *curve, double until);
extern LogRank crm_log_rank(const SurvivalTime *a, int na, const SurvivalTime *b, int nb);

#endif
