using Dftp.Node.Logging;
using Microsoft.Extensions.Logging;

namespace Dftp.Tests.Node.Logging;

[TestClass]
public sealed class LogLineTests
{
    private static readonly DateTimeOffset Time = new(2016, 10, 22, 22, 8, 1, TimeSpan.FromHours(2));

    private static string Format(string category, LogLevel level, string message, Exception? exception = null,
        bool withStackTrace = false) =>
        LogLine.Format(Time, category, level, message, exception, withStackTrace);

    [TestMethod]
    [DataRow("Dftp.Cluster.Scanning.Scanner", LogLevel.Information, "2016/10/22 22:08:01 Scanner: x")]
    [DataRow("Dftp.Cluster.Outer+Inner", LogLevel.Information, "2016/10/22 22:08:01 Inner: x")]
    [DataRow("Scanner", LogLevel.Information, "2016/10/22 22:08:01 Scanner: x")]
    [DataRow(LogLine.NodeCategory, LogLevel.Information, "2016/10/22 22:08:01 x")]
    [DataRow("A.B", LogLevel.Warning, "2016/10/22 22:08:01 B: warning: x")]
    [DataRow("A.B", LogLevel.Error, "2016/10/22 22:08:01 B: error: x")]
    [DataRow("A.B", LogLevel.Critical, "2016/10/22 22:08:01 B: error: x")]
    [DataRow("A.B", LogLevel.Debug, "2016/10/22 22:08:01 B: debug: x")]
    public void Format_PartAndLevel_AreWordsBeforeTheMessage(string category, LogLevel level, string line) =>
        Assert.AreEqual(line, Format(category, level, "x"));

    [TestMethod]
    public void Format_MessageOfSeveralLines_StaysOnOne() =>
        Assert.AreEqual("2016/10/22 22:08:01 B: a\\r\\n\\x1b[1mb", Format("A.B", LogLevel.Information, "a\r\n\u001b[1mb"));

    [TestMethod]
    public void Format_Exception_IsTypeAndMessageWithItsCauses() =>
        Assert.AreEqual(
            "2016/10/22 22:08:01 B: error: x: IOException: outer\\n: InvalidOperationException: inner",
            Format("A.B", LogLevel.Error, "x", new IOException("outer\n", new InvalidOperationException("inner"))));

    [TestMethod]
    public void Format_ThrownException_HasAStackTraceOnlyWhenAskedFor()
    {
        var thrown = Assert.ThrowsExactly<FormatException>(() => int.Parse("x", null));

        Assert.IsFalse(Format("A.B", LogLevel.Error, "x", thrown).Contains(" at ", StringComparison.Ordinal));
        var line = Format("A.B", LogLevel.Error, "x", thrown, withStackTrace: true);
        StringAssert.Contains(line, " | at ", StringComparison.Ordinal);
        Assert.IsFalse(line.Contains('\n', StringComparison.Ordinal));
    }
}
