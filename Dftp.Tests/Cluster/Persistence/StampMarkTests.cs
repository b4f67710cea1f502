using Dftp.Cluster.Persistence;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Cluster.Persistence;

[TestClass]
public sealed class StampMarkTests
{
    private readonly string _state = Directory.CreateTempSubdirectory("dftp-state-").FullName;

    private string File => Path.Combine(_state, "below", "stamp");

    private StampMark Mark => new(File, NullLogger.Instance);

    [TestCleanup]
    public void Clean() => Directory.Delete(_state, recursive: true);

    [TestMethod]
    public void SavedMark_IsLoaded()
    {
        Assert.AreEqual(default, Mark.Load());
        Mark.Save(new Stamp(1_700_000_000_123_456_789));
        Mark.Save(new Stamp(1_700_000_060_123_456_789));
        Assert.AreEqual(new Stamp(1_700_000_060_123_456_789), Mark.Load());
        CollectionAssert.AreEqual(new[] { File }, Directory.GetFiles(Path.GetDirectoryName(File)!));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("now")]
    [DataRow("-5")]
    [DataRow("9223372036854775807")]
    [DataRow("99999999999999999999")]
    [DataRow("1700000000123456789\n1700000000123456789\n1700000000123456789\n1700000000123456789")]
    public void FileThatIsNoMark_IsIgnored(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, content);
        Assert.AreEqual(default, Mark.Load());
    }

    [TestMethod]
    public void MarkThatCannotBeWritten_IsNoException()
    {
        Directory.CreateDirectory(Path.Combine(File, "in the way"));
        Mark.Save(new Stamp(1));
        Assert.AreEqual(default, Mark.Load());
    }
}
