package main

import (
	"path/filepath"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/examples/flights/carrier"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

// Definitions are the program's resources, assets and jobs.
func Definitions() fx.Option {
	home := fxrun.Home()
	return fx.Options(
		// Resources: everything outside that a run touches.
		container.Provide("credentials", carrier.NewCredentials,
			container.Describe("user and password for the airline's API"),
			container.Config(carrier.CredentialsConfig{}, container.FromEnv("CARRIER"))),
		container.Provide("endpoint", NewEndpoint,
			container.Describe("where the airline's API is; without a URL, a demo of it that the run starts"),
			container.Config(EndpointConfig{}, container.FromEnv("CARRIER"))),
		container.Provide("carrier", NewCarrier, container.As[carrier.API](),
			container.Describe("client of the airline's API; logs in when the run starts"),
			container.Config(CarrierConfig{}, container.FromEnv("CARRIER"))),
		container.Provide("database", sqlite.New,
			container.Describe("the SQLite file of the warehouse"),
			container.Config(sqlite.Config{Path: filepath.Join(home, "warehouse.db")}, container.FromEnv("DATABASE"))),
		container.Provide("warehouse", NewWarehouse,
			container.Describe("the table of monthly delays"),
			container.Config(WarehouseConfig{}, container.AtLaunch("Table"))),
		container.Provide("reports", NewReportFolder, container.As[Reports](),
			container.Describe("the folder of reports"),
			container.Config(ReportsConfig{Folder: filepath.Join(home, "reports")}, container.FromEnv("REPORTS"))),

		// IO managers: where values are stored, and how. io_manager is the default.
		iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: filepath.Join(home, "values")}),
		container.Provide("reports_io", NewReportFiles, container.As[iomanagers.IOManager](),
			iomanagers.Checks(iomanagers.CheckCodecs(iomanagers.Raw(".html"))),
			container.Describe("stores pages in the folder of reports")),

		// Assets: what the run computes and stores.
		assets.New("airports", ReadAirports, assets.InGroup("raw"), assets.Format("csv"),
			assets.Describe("all airports of the United States")),
		assets.New("flights", FetchFlights, assets.InGroup("raw"), assets.Format("jsonl"),
			assets.Describe("every flight that the airline knows of"),
			assets.Retry(2, backoff.Exponential(time.Second, time.Minute))),
		assets.New("delays/by_airport", ComputeByAirport, assets.InGroup("delays"), assets.Format("csv"),
			assets.Describe("how late flights are, by the airport that they leave")),
		assets.New("delays/by_month", LoadByMonth, assets.InGroup("delays"),
			assets.Describe("how late flights are, by month: a table in the warehouse")),
		assets.New("delays/worst", FindWorst, assets.InGroup("delays"), assets.Format("json"),
			assets.Describe("the airports with the longest mean delay, of those with enough flights"),
			assets.Config(WorstConfig{})),
		assets.New("delays/report", DrawReport, assets.InGroup("delays"), assets.After("delays/by_month"),
			assets.Describe("one page that shows it all"),
			assets.IO("reports_io")),
		assets.New("delays/archive", ArchiveReport, assets.InGroup("delays"),
			assets.Describe("the report of each day")),

		// Jobs: what is run by name.
		assets.NewJob("nightly", assets.Select("+delays/archive"),
			assets.DescribeJob("everything, with the warehouse's table flights_nightly"),
			assets.LaunchDefaults(container.RunConfig{
				Resources: map[string]any{"warehouse": WarehouseConfig{Table: "flights_nightly"}},
			})),
		assets.NewJob("cleanup",
			assets.DescribeJob("deletes old reports from the archive"),
			assets.NewOp("find_old_reports", FindOldReports, assets.Config(KeepConfig{})),
			assets.NewOp("delete_reports", DeleteReports, assets.Retry(2, backoff.Exponential(time.Second, time.Minute)))),
	)
}
