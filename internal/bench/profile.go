package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

// profileWarm writes profiles of 3 s of warm requests, on all processors, to a
// folder. Read them with go tool pprof -top.
func profileWarm(folder string) error {
	call := oursAccount(canned{}, &sts{})
	must(call(context.Background()))
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	cpu, err := os.Create(filepath.Join(folder, "cpu.pprof"))
	if err != nil {
		return err
	}
	defer cpu.Close()
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return err
	}
	var workers sync.WaitGroup
	until := time.Now().Add(3 * time.Second)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for time.Now().Before(until) {
				for range 1000 {
					must(call(context.Background()))
				}
			}
		})
	}
	workers.Wait()
	pprof.StopCPUProfile()
	for _, name := range []string{"mutex", "block"} {
		f, err := os.Create(filepath.Join(folder, name+".pprof"))
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.Lookup(name).WriteTo(f, 0); err != nil {
			return err
		}
	}
	return nil
}
