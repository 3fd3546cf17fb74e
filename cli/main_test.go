package cli_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

// programVariable names the program that this binary is to be, in place of a
// test.
const programVariable = "CLI_TEST_PROGRAM"

func TestMain(m *testing.M) {
	switch os.Getenv(programVariable) {
	case "shop":
		cli.Main(new(shop).definitions()...)
	case "slow":
		cli.Main(slow(os.Stdout)...)
	case "isolated":
		cli.Main(isolated()...)
	case "worker", "stubborn worker":
		cli.Main(idle(os.Getenv(programVariable) == "stubborn worker")...)
	case "unattended":
		cli.Main(unattended()...)
	case "mounted":
		mounted()
	case "":
		heedHangups()
	default:
		cli.Main(blocking(os.Getenv(programVariable), os.Stdout)...)
	}
	goleak.VerifyTestMain(m, postgrestest.Closing())
}

// heedHangups lets the programs that tests start get a SIGHUP. Where these tests were started by
// nohup, they and their children would ignore it. A signal that a process has asked for is not
// ignored by its children.
func heedHangups() {
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
}

// secret must not be found anywhere.
const secret = "hunter2-of-the-warehouse"

type (
	client    struct{ config clientConfig }
	warehouse struct{ config warehouseConfig }

	clientConfig struct {
		URL     string        `required:"true" desc:"where the shop is" json:"url"`
		Timeout time.Duration `default:"5s"`
		Pages   []int
	}
	warehouseConfig struct {
		DSN      string `required:"true" json:"dsn" secret:"false"`
		Table    string
		Password container.Secret[string]
		Batch    int `default:"100"`
	}

	order   struct{ ID, Cents int }
	orders  []order
	revenue struct{ Cents int }
	greeter string
)

// shop is a small program: two resources, four assets, two jobs. It notes what
// is started and stopped.
type shop struct {
	mu    sync.Mutex
	notes []string
	fail  bool // revenue fails
	noJob bool
}

func (p *shop) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notes = append(p.notes, text)
}

func (p *shop) noted() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.notes...)
}

func (p *shop) hook(lc fx.Lifecycle, name string) {
	lc.Append(fx.StartStopHook(func() { p.note("start " + name) }, func() { p.note("stop " + name) }))
}

func (p *shop) newClient(lc fx.Lifecycle, config clientConfig) *client {
	p.hook(lc, "client")
	return &client{config}
}

func (p *shop) newWarehouse(lc fx.Lifecycle, logger *slog.Logger, config warehouseConfig) *warehouse {
	p.hook(lc, "warehouse")
	logger.Info("connected", "config", fmt.Sprintf("%+v", config), "password", config.Password)
	return &warehouse{config}
}

func fetchOrders(step *assets.Context, _ *client) orders {
	step.Progress(1, 3)
	step.Logger().Info("fetched", "pages", 1)
	step.AddMetadata("currency", "EUR")
	return orders{{1, 250}, {2, 1000}, {3, 99}}
}

func (p *shop) computeRevenue(all orders, _ *warehouse) (revenue, error) {
	if p.fail {
		return revenue{}, errors.New("the warehouse is closed")
	}
	var sum revenue
	for _, order := range all {
		sum.Cents += order.Cents
	}
	return sum, nil
}

func greet(revenue) greeter { return "hello\n" }

func publish(context.Context, greeter) error { return nil }

func (p *shop) definitions() []fx.Option {
	defined := []fx.Option{
		container.Provide("client", p.newClient,
			container.Config(clientConfig{URL: "https://shop.example"}, container.FromEnv("SHOP")),
			container.Describe("the shop's API")),
		container.Provide("warehouse", p.newWarehouse,
			container.Config(warehouseConfig{DSN: "db.example"}, container.FromEnv("WAREHOUSE"), container.AtLaunch("Table"), container.Fixed("DSN"))),
		assets.New("raw/orders", fetchOrders, assets.InGroup("raw"), assets.Describe("orders of the day"), assets.Tags("daily")),
		assets.New("revenue", p.computeRevenue, assets.Owners("finance@shop.example")),
		assets.New("greeting", greet),
		assets.New("published", publish),
		fx.Invoke(func(lc fx.Lifecycle) { p.hook(lc, "application") }),
	}
	if p.noJob {
		return defined
	}
	return append(defined,
		assets.NewJob("nightly", assets.Select("*"), assets.JobTag("team", "finance"), assets.DescribeJob("everything"),
			assets.LaunchDefaults(container.RunConfig{Resources: map[string]any{"warehouse": container.Fields{"table": "sales"}}})),
		assets.NewJob("fetch", assets.Select("group:raw")),
	)
}

// slow is a program whose step goes on until it is cancellation requested, and says on
// out when it runs and when its resource is stopped.
func slow(out io.Writer) []fx.Option {
	type gate struct{}
	return []fx.Option{
		container.Provide("gate", func(lc fx.Lifecycle) *gate {
			lc.Append(fx.StopHook(func() { _, _ = fmt.Fprintln(out, "gate stopped") }))
			return &gate{}
		}),
		assets.New("forever", func(ctx context.Context, step *assets.Context, _ *gate) error {
			step.Logger().Info("waiting for the end")
			_, _ = fmt.Fprintln(out, "step runs")
			<-ctx.Done()
			step.Logger().Info("told to go")
			if os.Getenv("STUBBORN") != "" {
				_, _ = fmt.Fprintln(out, "step goes on")
				select {}
			}
			return ctx.Err()
		}),
		assets.New("after", func() int { return 1 }, assets.After("forever")),
	}
}
