package cli_test

import (
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/cli"
)

func TestAHintNamesTheProgramAsItWasCalled(t *testing.T) {
	flights := &debug.BuildInfo{Path: "example.org/data/flights"}
	for _, test := range []struct {
		name string
		info *debug.BuildInfo
		want string
	}{
		{"flights", flights, "flights"},
		{"./flights", flights, "./flights"},
		{"/opt/my programs/flights", flights, "'/opt/my programs/flights'"},
		{"/tmp/go-build123/b001/exe/flights", flights, "go run example.org/data/flights"},
		{"/cache/ab/" + strings.Repeat("0a", 32) + "-d/flights", flights, "go run example.org/data/flights"},
		{"/home/u/go-build/flights", flights, "/home/u/go-build/flights"},
		{"/tmp/go-build123/b001/exe/main", &debug.BuildInfo{Path: "command-line-arguments"}, "/tmp/go-build123/b001/exe/main"},
		{"/tmp/go-build123/b001/exe/main", nil, "/tmp/go-build123/b001/exe/main"},
	} {
		if got := cli.TypedProgram(test.name, test.info); got != test.want {
			t.Errorf("%s is called as %q, want %q", test.name, got, test.want)
		}
	}
}

func TestTheHintAfterARunCanBeTyped(t *testing.T) {
	newHome(t)
	p := start(t, "shop", "run", "--job", "fetch")
	out, code := p.rest(t)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	_, hint, _ := strings.Cut(out, "look at it: ")
	t.Setenv(programVariable, "shop")
	shown, err := exec.CommandContext(t.Context(), "sh", "-c", hint).CombinedOutput()
	if err != nil || !strings.Contains(string(shown), "succeeded") {
		t.Errorf("%s%v\n%s", hint, err, shown)
	}
}
