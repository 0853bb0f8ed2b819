package main

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A subject is one way to do what a part measures.
type subject struct {
	name string
	op   func() // does it once; safe for concurrent use
}

// A result is what was measured of a subject.
type result struct {
	name          string
	turns         []float64 // what one operation took, in ns, in each round
	bytes, allocs float64   // of one operation
}

// measure gives each subject its turn in every round.
func measure(s settings, processors int, subjects []subject) []result {
	results := make([]result, len(subjects))
	counts := make([]int, len(subjects))
	for i, sub := range subjects {
		counts[i] = fitting(sub.op, s.batch)
	}
	for round := range s.rounds {
		for i := range subjects {
			i = (i + round) % len(subjects) // nobody always comes first
			results[i].turns = append(results[i].turns, turn(subjects[i].op, counts[i], processors))
		}
	}
	for i, sub := range subjects {
		results[i].name = sub.name
		results[i].bytes, results[i].allocs = garbage(sub.op)
	}
	return results
}

// fitting returns how often op fits into d. What else the machine does meanwhile
// must not make it seem to take long, or a turn would be too short to tell.
func fitting(op func(), d time.Duration) int {
	for n := 1; ; n *= 2 {
		took := min(turn(op, n, 1), turn(op, n, 1), turn(op, n, 1)) * float64(n)
		if took >= float64(d)/4 {
			return max(1, int(float64(n)*float64(d)/took))
		}
	}
}

// turn does op n times on each processor and returns how long one took, of all.
func turn(op func(), n, processors int) float64 {
	runtime.GC() // so that each cleans up after itself alone
	start := time.Now()
	if processors == 1 {
		for range n {
			op()
		}
		return float64(time.Since(start)) / float64(n)
	}
	var wg sync.WaitGroup
	for range processors {
		wg.Go(func() {
			for range n {
				op()
			}
		})
	}
	wg.Wait()
	return float64(time.Since(start)) / float64(n*processors)
}

// less is what r took beyond what idle did in the same round.
func (r result) less(idle result) result {
	r.turns = slices.Clone(r.turns)
	for i := range idle.turns {
		r.turns[i] -= idle.turns[i]
	}
	r.bytes, r.allocs = r.bytes-idle.bytes, r.allocs-idle.allocs
	return r
}

// over is the median of r's ratio to base within each round, in which the load
// of the machine was about the same for both.
func (r result) over(base result) float64 {
	ratios := slices.Clone(r.turns)
	for i := range ratios {
		ratios[i] /= base.turns[i]
	}
	return quartile(ratios, 2)
}

// quartile returns the first quartile, the median (2) or the third.
func quartile(values []float64, n int) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)*n/4]
}

// garbage returns what op allocates.
func garbage(op func()) (bytes, allocs float64) {
	const n = 100
	allocs = testing.AllocsPerRun(n, op)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		op()
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / n, allocs
}

// median returns the median of what run returns in each round.
func median(rounds int, run func() float64) float64 {
	var all []float64
	for range rounds {
		all = append(all, run())
	}
	return quartile(all, 2)
}

// peak returns by how much f made the heap grow while it ran.
func peak(f func()) int64 {
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	look := func() {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		most.Store(max(most.Load(), int64(now.HeapAlloc)-int64(before.HeapAlloc)))
	}
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				look()
			}
		}
	}()
	f()
	look()
	close(stop)
	<-stopped
	return most.Load()
}
