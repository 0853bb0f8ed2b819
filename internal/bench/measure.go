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
	ns            float64 // median of one operation
	low, high     float64 // the quartiles
	bytes, allocs float64 // of one operation
}

// measure gives each subject its turn in every round.
func measure(s settings, processors int, subjects []subject) []result {
	turns := make([][]float64, len(subjects))
	counts := make([]int, len(subjects))
	for i, sub := range subjects {
		counts[i] = fitting(sub.op, s.batch)
	}
	for round := range s.rounds {
		for i := range subjects {
			i = (i + round) % len(subjects) // nobody always comes first
			turns[i] = append(turns[i], turn(subjects[i].op, counts[i], processors))
		}
	}
	results := make([]result, len(subjects))
	for i, sub := range subjects {
		slices.Sort(turns[i])
		results[i] = result{name: sub.name, ns: quantile(turns[i], 2), low: quantile(turns[i], 1), high: quantile(turns[i], 3)}
		results[i].bytes, results[i].allocs = garbage(sub.op)
	}
	return results
}

// fitting returns how often op fits into d.
func fitting(op func(), d time.Duration) int {
	n := 1
	for {
		if took := turn(op, n, 1) * float64(n); took >= float64(d)/4 {
			return max(1, int(float64(n)*float64(d)/took))
		}
		n *= 2
	}
}

// turn does op n times on each processor and returns how long one took, of all.
func turn(op func(), n, processors int) float64 {
	runtime.GC() // not another's garbage
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

func quantile(sorted []float64, quarter int) float64 { return sorted[(len(sorted)-1)*quarter/4] }

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
	slices.Sort(all)
	return quantile(all, 2)
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
