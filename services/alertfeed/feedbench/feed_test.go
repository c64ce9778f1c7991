package feedbench

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/logstore/baseline"
)

// writers is the number of parallel writers.
const writers = 64

// times holds, for each record that changes an alert, the time in nanoseconds since began.
type times struct {
	began           time.Time
	acked, received []atomic.Int64
}

func newTimes(n int) *times {
	return &times{time.Now(), make([]atomic.Int64, n), make([]atomic.Int64, n)}
}

func (t *times) note(list []atomic.Int64, n int) {
	if n >= 0 && n < len(list) {
		list[n].CompareAndSwap(0, int64(time.Since(t.began)))
	}
}

// take returns a function that notes the message about the fine with a number, or about its reversal, which comes
// every numbers later. first is the number of the first record.
func (t *times) take(first, every int) func(subject string, body []byte) {
	return func(subject string, body []byte) {
		_, key, _ := strings.Cut(subject, ".USE.01.F")
		digits, _, _ := strings.Cut(key, ".")
		n, err := strconv.Atoi(digits)
		if err != nil {
			return
		}
		t.note(t.received, n-first)
		if bytes.Contains(body, cleared) {
			t.note(t.received, n-first+apart*every)
		}
	}
}

var cleared = []byte(`"taizhang.alert.cleared.v1"`)

// delays returns how long after its acknowledgement each record was received, sorted. It leaves out the records of
// the first second, because a center that was not written to since the start is evaluated completely. It waits for
// late ones.
func (t *times) delays(b *testing.B) (list []time.Duration) {
	b.Helper()
	deadline := time.Now().Add(time.Minute)
	for i := range t.acked {
		acked := t.acked[i].Load()
		if acked == 0 {
			continue
		}
		for t.received[i].Load() == 0 {
			if time.Now().After(deadline) {
				b.Fatalf("record %d of %d was never received", i, len(t.acked))
			}
			time.Sleep(time.Millisecond)
		}
		if acked > int64(time.Second) {
			list = append(list, max(0, time.Duration(t.received[i].Load()-acked)))
		}
	}
	slices.Sort(list)
	return list
}

func percentile(list []time.Duration, p int) time.Duration { return list[len(list)*p/100] }

// pace writes rate records a second for some time, and calls after when a record that changes an alert is
// acknowledged. It returns the number written per second.
func (w *world) pace(rate, every int, first int, after func(n int)) float64 {
	w.b.Helper()
	total := rate * *seconds
	due := make(chan int, total)
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for n := range due {
				if err := w.record(first+n, every); err != nil {
					w.b.Error(err)
					return
				}
				if (first+n)%every == 0 {
					after(first + n)
				}
			}
		})
	}
	began := time.Now()
	tick := time.NewTicker(500 * time.Microsecond)
	defer tick.Stop()
	for n := 0; n < total; <-tick.C {
		for ; n < min(total, int(time.Since(began).Seconds()*float64(rate))); n++ {
			due <- n
		}
	}
	close(due)
	all.Wait()
	return float64(total) / time.Since(began).Seconds()
}

// BenchmarkDelivery measures the time from the acknowledgement of a record to the arrival of its alert at a
// consumer. For comparison a writer publishes the same body itself as soon as its record is acknowledged.
func BenchmarkDelivery(b *testing.B) {
	w := province(b)
	for _, load := range []struct{ rate, every int }{{1000, 10}, {1000, 1}, {10_000, 10}, {10_000, 1}} {
		b.Run(fmt.Sprintf("%d a second, 1 of %d moves an alert", load.rate, load.every), func(b *testing.B) {
			w.b = b
			f, bare := w.feed(), w.bare()
			f.start()
			f.settle()
			var ours, theirs delivery
			for b.Loop() {
				ours.add(f.delivery(load.rate, load.every))
				f.stop()
				theirs.add(bare.publish(load.rate, load.every, ours.body))
				f.start()
				f.settle()
			}
			ours.report(b, "")
			theirs.report(b, "bare-")
			b.ReportMetric(float64(percentile(ours.delays, 99))/float64(percentile(theirs.delays, 99)), "p99-of-bare")
			conditions(b)
		})
	}
}

// delivery is the result of a delivery benchmark.
type delivery struct {
	delays       []time.Duration // in order of length
	body         []byte          // of a message about an alert that moved
	runs         float64
	rate         float64 // records a second; the sum of the runs, as below
	busy, waited float64 // processors
}

func (d *delivery) add(o delivery) {
	d.delays, d.body, d.runs = append(d.delays, o.delays...), o.body, d.runs+1
	d.rate, d.busy, d.waited = d.rate+o.rate, d.busy+o.busy, d.waited+o.waited
	slices.Sort(d.delays)
}

func (d *delivery) report(b *testing.B, prefix string) {
	b.ReportMetric(d.rate/d.runs, prefix+"records/s")
	b.ReportMetric(ms(percentile(d.delays, 50)), prefix+"p50-ms")
	b.ReportMetric(ms(percentile(d.delays, 99)), prefix+"p99-ms")
	b.ReportMetric(d.busy/d.runs, prefix+"processors-busy")
	b.ReportMetric(d.waited/d.runs, prefix+"waited-for-processors")
}

func (f *feed) delivery(rate, every int) (d delivery) {
	first := f.w.numbers(rate**seconds, every)
	t := newTimes(rate * *seconds)
	take := t.take(first, every)
	var once sync.Once
	stop := f.consume(func(subject string, body []byte) {
		take(subject, body)
		if strings.Contains(subject, ".USE.01.") {
			once.Do(func() { d.body = body })
		}
	})
	before, began := used(f.w.b), time.Now()
	d.rate = f.w.pace(rate, every, first, func(n int) { t.note(t.acked, n-first) })
	d.delays = t.delays(f.w.b)
	d.busy, d.waited = before.since(f.w.b, began)
	f.settle()
	stop()
	return d
}

// bare is a feed without a publisher: only the stream and the consumer.
func (w *world) bare() *feed {
	w.b.Helper()
	f := w.feed()
	stream, err := f.js.CreateStream(w.b.Context(), jetstream.StreamConfig{
		Name: alertfeed.StreamName, Subjects: []string{alertfeed.AllSubjects}, Storage: jetstream.FileStorage,
		MaxMsgsPerSubject: 16, MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgSize: -1,
		Discard: jetstream.DiscardNew, DenyDelete: true, DenyPurge: true})
	if err != nil {
		w.b.Fatal(err)
	}
	_, err = stream.CreateConsumer(w.b.Context(), jetstream.ConsumerConfig{
		Durable: f.user.Name, DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: time.Minute, MaxDeliver: -1, MaxAckPending: 1000, MaxWaiting: 16, MaxRequestBatch: 1000,
		FilterSubjects: f.user.Filter.Subjects()})
	if err != nil {
		w.b.Fatal(err)
	}
	return f
}

// publish measures delivery with a writer that publishes itself.
func (f *feed) publish(rate, every int, body []byte) (d delivery) {
	first := f.w.numbers(rate**seconds, every)
	t := newTimes(rate * *seconds)
	stop := f.consume(t.take(first, 0))
	before, began := used(f.w.b), time.Now()
	d.rate = f.w.pace(rate, every, first, func(n int) {
		t.note(t.acked, n-first)
		m := nats.NewMsg(alertfeed.AlertName{Center: f.w.centers[0], Severity: aggregates.Red, Code: "AL-USE-01",
			Key: fmt.Sprint("F", n), RaisedOn: events.MustDate(today)}.Subject())
		m.Header.Set("content-type", alertfeed.ContentType)
		m.Data = body
		if _, err := f.js.PublishMsgAsync(m); err != nil {
			f.w.b.Error(err)
		}
	})
	d.delays = t.delays(f.w.b)
	d.busy, d.waited = before.since(f.w.b, began)
	stop()
	d.body = body
	return d
}

// BenchmarkWrites measures how much the feed slows down 64 writers that never pause: with the feed on and off by
// turns.
func BenchmarkWrites(b *testing.B) {
	const every = 100
	w := province(b)
	f := w.feed()
	var on, off []float64 // records a second
	var onBusy, offBusy time.Duration
	var onCount, offCount int
	round := func(total int) (perSecond float64, cpu time.Duration) {
		first, before := w.numbers(total, every), used(b)
		var next atomic.Int64
		took, err := baseline.Share(writers, total,
			func(int, int) error { return w.record(first+int(next.Add(1))-1, every) })
		if err != nil {
			b.Fatal(err)
		}
		return float64(total) / took.Seconds(), used(b).busy - before.busy
	}
	const total = 30_000
	round(total)
	for b.Loop() {
		for range *seconds {
			f.start()
			f.settle()
			runtime.GC()
			rate, cpu := round(total)
			on, onBusy, onCount = append(on, rate), onBusy+cpu, onCount+total
			f.settle()
			f.stop()
			runtime.GC()
			rate, cpu = round(total)
			off, offBusy, offCount = append(off, rate), offBusy+cpu, offCount+total
		}
	}
	ratios := make([]float64, len(on))
	for i := range on {
		ratios[i] = on[i] / off[i]
	}
	b.ReportMetric(median(on), "on-records/s")
	b.ReportMetric(median(off), "off-records/s")
	b.ReportMetric(median(ratios), "on-of-off")
	b.ReportMetric(float64(onBusy.Microseconds())/float64(onCount), "on-cpu-µs")
	b.ReportMetric(float64(offBusy.Microseconds())/float64(offCount), "off-cpu-µs")
	conditions(b)
}

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// BenchmarkFill measures the first fill of a stream, a restart of the server and of the publisher, which publishes
// nothing, and a new generation.
func BenchmarkFill(b *testing.B) {
	const each = 500 // alerts of a center
	w := newWorld(b)
	var ids []events.CenterID
	for n := range (*alerts + each - 1) / each {
		id := events.CenterID(fmt.Sprintf("ZJ-%04d", n+1))
		if err := w.write(id, registered); err != nil {
			b.Fatal(err)
		}
		ids = append(ids, id)
	}
	w.fund(ids)
	var next atomic.Int64
	if _, err := baseline.Share(writers, *alerts, func(int, int) error {
		n := int(next.Add(1)) - 1
		return w.write(ids[n%len(ids)], fmt.Sprintf(fined, n))
	}); err != nil {
		b.Fatal(err)
	}
	var filled, filling, restarted, restated time.Duration
	var peak, live float64
	for b.Loop() {
		f := w.feed()
		before := liveMB()
		most := watchHeap()
		idle, began := used(b), time.Now()
		f.start()
		f.settle()
		filled += time.Since(began)
		filling += used(b).busy - idle.busy
		peak, live = math.Max(peak, most()-before), math.Max(live, liveMB()-before)
		last := f.last()
		if f.publisher.Status().Subjects < *alerts {
			b.Fatalf("%d subjects", f.publisher.Status().Subjects)
		}
		f.close()
		began = time.Now()
		f.open()
		f.start()
		f.settle()
		restarted += time.Since(began)
		if f.last() != last {
			b.Fatalf("a restart published %d messages", f.last()-last)
		}
		began = time.Now()
		if err := f.publisher.Restate(b.Context()); err != nil {
			b.Fatal(err)
		}
		restated += time.Since(began)
		f.stop()
	}
	b.ReportMetric(filled.Seconds()/float64(b.N), "fill-s")
	b.ReportMetric(filling.Seconds()/float64(b.N), "fill-processor-s")
	b.ReportMetric(peak, "fill-peak-MB")
	b.ReportMetric(live, "live-MB")
	b.ReportMetric(restarted.Seconds()/float64(b.N), "restart-s")
	b.ReportMetric(restated.Seconds()/float64(b.N), "restate-s")
	conditions(b)
}

const heapMetric = "/memory/classes/heap/objects:bytes"

func heapMB() float64 {
	sample := []metrics.Sample{{Name: heapMetric}}
	metrics.Read(sample)
	return float64(sample[0].Value.Uint64()) / 1e6
}

// liveMB returns the size of the heap after a collection.
func liveMB() float64 {
	runtime.GC()
	return heapMB()
}

// watchHeap returns a function that ends the measurement and returns the largest size of the heap, with garbage.
func watchHeap() (most func() float64) {
	end, ended := make(chan struct{}), make(chan float64)
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		most := heapMB()
		for {
			select {
			case <-tick.C:
				most = math.Max(most, heapMB())
			case <-end:
				ended <- most
				return
			}
		}
	}()
	return func() float64 { close(end); return <-ended }
}
