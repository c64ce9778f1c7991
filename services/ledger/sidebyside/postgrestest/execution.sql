-- The execution of money as of a date ($1): one row for each center, fiscal year and scope with anything in it, in the
-- order of the register. The sources of the rate and the classes of uses and economic codes are read from the policy,
-- which is itself an event; the query knows one policy, where the register finds the one in force on each date.
with policy as (
    select (body::jsonb #>> '{data,text}')::jsonb as text from events where kind = 'policy.adopted'
),
scopes as (
    select 1 as nth, 'province' as scope, array(select jsonb_array_elements_text(text #> '{parameters,rateSources,value}')) as sources from policy
    union all
    select 2, 'central', array['central-guidance']
    union all
    select 3, 'fiscal', array['central-guidance'] || array(select jsonb_array_elements_text(text #> '{parameters,rateSources,value}')) from policy
    union all
    select 4, 'local', array['local']
),
uses as (
    select u ->> 'use' as use, u ->> 'class' as class, coalesce(u ->> 'local', u ->> 'class') as local
    from policy, jsonb_array_elements(text -> 'uses') as u
),
codes as (
    select nth, c ->> 'prefix' as prefix, c ->> 'use' as use
    from policy, jsonb_array_elements(text -> 'codes') with ordinality as list (c, nth)
),
-- What moves money, each body parsed once.
moving as materialized (
    select position, stream, id, kind, body::jsonb as body
    from events
    where kind in ('center.registered', 'subsidy.granted', 'subsidy.reversed', 'subsidy.received', 'funds.recovered', 'matching.committed',
        'matching.received', 'funds.spent', 'spending.reversed', 'use.ruled', 'entry.voided')
),
-- What counts: nothing voided, whatever the date of the voiding, and nothing after the date asked.
counted as materialized (
    select position, stream, kind, (body ->> 'on')::date as on_day, body -> 'data' as data
    from moving
    where (body ->> 'on')::date <= $1
        and kind <> 'entry.voided'
        and (stream, id) not in (select stream, (body #>> '{data,event}')::uuid from moving where kind = 'entry.voided')
),
funds as materialized (
    select stream, data ->> 'grant' as name, data ->> 'source' as source, (data ->> 'fiscalYear')::int as year, (data ->> 'amountFen')::bigint as fen
    from counted where kind = 'subsidy.granted'
    union all
    select stream, data ->> 'match', 'local', (data ->> 'fiscalYear')::int, (data ->> 'amountFen')::bigint
    from counted where kind = 'matching.committed'
),
-- The latest ruling on a voucher replaces its use and its code.
rulings as (
    select distinct on (stream, data ->> 'voucher') stream, data ->> 'voucher' as voucher, data ->> 'use' as use
    from counted where kind = 'use.ruled'
    order by stream, data ->> 'voucher', on_day desc, position desc
),
reversals as (
    select stream, data ->> 'voucher' as voucher, on_day from counted where kind = 'spending.reversed'
),
vouchers as materialized (
    select c.stream, extract(year from c.on_day)::int as year, extract(year from v.on_day)::int as reversed_year,
        coalesce(r.use, c.data ->> 'use') as use, case when r.use is null then c.data ->> 'econCode' end as code,
        l."grant" as fund, l."amountFen" as fen
    from counted c
    left join rulings r on r.stream = c.stream and r.voucher = c.data ->> 'voucher'
    left join reversals v on v.stream = c.stream and v.voucher = c.data ->> 'voucher'
    cross join lateral jsonb_to_recordset(c.data -> 'lines') as l ("grant" text, "amountFen" bigint)
    where c.kind = 'funds.spent'
),
-- The class of each use with each code that occurs: a code, by its first prefix in the table, makes another use of what
-- is not forbidden by its use, or forbids it.
classes as materialized (
    select k.use, coalesce(k.code, '') as code,
        case when coalesce(u.class, 'plain') = 'forbidden' or c.prefix is null then coalesce(u.class, 'plain')
            when c.use is null then 'forbidden' else coalesce(v.class, 'plain') end as class,
        case when coalesce(u.class, 'plain') = 'forbidden' or c.prefix is null then coalesce(u.local, 'plain')
            when c.use is null then 'forbidden' else coalesce(v.local, 'plain') end as local
    from (select distinct use, code from vouchers) k
    left join uses u on u.use = k.use
    left join lateral (select prefix, use from codes where starts_with(k.code, prefix) order by nth limit 1) c on true
    left join uses v on v.use = c.use
),
lines as materialized (
    select v.stream, v.year, v.reversed_year, f.source, v.fen,
        case when case f.source when 'local' then k.local else k.class end = 'forbidden' then v.fen else 0 end as ineligible
    from vouchers v
    join classes k on k.use = v.use and k.code = coalesce(v.code, '')
    join funds f on f.stream = v.stream and f.name = v.fund
),
movements as (
    select stream, year, source, fen as granted, 0 as received, 0 as spent, 0 as ineligible from funds
    union all
    select f.stream, f.year, f.source, -(c.data ->> 'amountFen')::bigint, 0, 0, 0
    from counted c join funds f on f.stream = c.stream and f.name = c.data ->> 'grant'
    where c.kind = 'subsidy.reversed'
    union all
    select f.stream, extract(year from c.on_day)::int, f.source, 0,
        case c.kind when 'funds.recovered' then -1 else 1 end * (c.data ->> 'amountFen')::bigint, 0, 0
    from counted c join funds f on f.stream = c.stream and f.name = coalesce(c.data ->> 'grant', c.data ->> 'match')
    where c.kind in ('subsidy.received', 'matching.received', 'funds.recovered')
    union all
    select stream, year, source, 0, 0, fen, ineligible from lines
    union all
    select stream, reversed_year, source, 0, 0, -fen, -ineligible from lines where reversed_year is not null
),
moved as (
    select stream, year, source, sum(granted) as granted, sum(received) as received, sum(spent) as spent, sum(ineligible) as ineligible
    from movements group by stream, year, source
),
-- Every year from the center's registration to the date asked, moved or not: what is left is carried through.
years as (
    select stream, year
    from counted, generate_series(extract(year from on_day)::int, extract(year from $1::date)::int) as year
    where kind = 'center.registered'
),
sums as (
    select y.stream, y.year, s.nth, s.scope, coalesce(sum(m.granted), 0) as granted, coalesce(sum(m.received), 0) as received,
        coalesce(sum(m.spent), 0) as spent, coalesce(sum(m.ineligible), 0) as ineligible
    from years y
    cross join scopes s
    left join moved m on m.stream = y.stream and m.year = y.year and m.source = any (s.sources)
    group by y.stream, y.year, s.nth, s.scope
),
carried as (
    select *, coalesce(sum(received - spent) over (partition by stream, scope order by year rows between unbounded preceding and 1 preceding), 0) as carried
    from sums
)
select substr(stream, length('center-') + 1) as center, year, scope, granted::bigint, carried::bigint, received::bigint, spent::bigint, ineligible::bigint,
    (carried + received)::bigint as available, (spent - ineligible)::bigint as executed,
    case when carried + received > 0 then round(100 * (spent - ineligible) / (carried + received), 2)::text else '' end as rate
from carried
where granted <> 0 or carried <> 0 or received <> 0 or spent <> 0
order by stream, year, nth
