using System.Text;
using Dftp.Node.Logging;
using Microsoft.Extensions.Logging;

namespace Dftp.Tests.Node.Logging;

[TestClass]
public sealed class LineLoggerProviderTests
{
    private static async Task<string[]> LogAsync(LogLevel level, Action<ILoggerFactory> act)
    {
        using var stream = new MemoryStream();
        await using (var lines = new LineLoggerProvider(stream, level, new SummerEvening()))
        {
            using var logs = new LoggerFactory([lines], new LoggerFilterOptions { MinLevel = LogLevel.Trace });
            act(logs);
        }

        return Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static void LogAtEachLevel(ILoggerFactory logs, string category)
    {
        var log = logs.CreateLogger(category);
        foreach (var level in new[] { LogLevel.Trace, LogLevel.Debug, LogLevel.Information, LogLevel.Warning, LogLevel.Error })
        {
            if (log.IsEnabled(level)) log.Log(level, "x");
        }
    }

    [TestMethod]
    public async Task Log_Message_IsALineInLocalTime()
    {
        var lines = await LogAsync(LogLevel.Information, logs => logs.CreateLogger("Dftp.Scanner")
            .Log(LogLevel.Information, "{Count} file(s) found", 3));
        CollectionAssert.AreEqual(new[] { "2016/10/22 22:08:01 Scanner: 3 file(s) found" }, lines);
    }

    [TestMethod]
    [DataRow(LogLevel.Trace, "Dftp.X", 5)]
    [DataRow(LogLevel.Information, "Dftp.X", 3)]
    [DataRow(LogLevel.Error, "Dftp.X", 1)]
    [DataRow(LogLevel.None, "Dftp.X", 0)]
    [DataRow(LogLevel.Trace, "Microsoft.AspNetCore.X", 2)]
    [DataRow(LogLevel.Error, "Microsoft.AspNetCore.X", 1)]
    public async Task Log_BelowTheLevel_IsLeftOut_AndTheFrameworkSpeaksFromWarnings(LogLevel level, string category, int count) =>
        Assert.AreEqual(count, (await LogAsync(level, logs => LogAtEachLevel(logs, category))).Length);

    [TestMethod]
    public async Task Log_ManyLinesThenDispose_LosesNone()
    {
        var lines = await LogAsync(LogLevel.Information, logs =>
        {
            var log = logs.CreateLogger("A");
            for (var i = 0; i < LineQueue.Capacity; i++) log.Log(LogLevel.Information, "{Number}", i);
        });
        Assert.AreEqual(LineQueue.Capacity, lines.Length);
        StringAssert.EndsWith(lines[^1], $": {LineQueue.Capacity - 1}", StringComparison.Ordinal);
    }

    private sealed class SummerEvening : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone =>
            TimeZoneInfo.CreateCustomTimeZone("summer", TimeSpan.FromHours(2), "summer", "summer");

        public override DateTimeOffset GetUtcNow() => new(2016, 10, 22, 20, 8, 1, TimeSpan.Zero);
    }
}
