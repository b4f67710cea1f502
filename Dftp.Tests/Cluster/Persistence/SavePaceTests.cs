using Dftp.Cluster.Persistence;

namespace Dftp.Tests.Cluster.Persistence;

[TestClass]
public sealed class SavePaceTests
{
    private readonly SavePace _pace = new();

    [TestMethod]
    public void WriteSucceeded_PauseIsAMinuteOrByItsLength()
    {
        Assert.AreEqual(TimeSpan.FromMinutes(1), _pace.After(1, isKept: true));
        Assert.AreEqual(TimeSpan.FromSeconds(500), _pace.After(100_000_000, isKept: true));
    }

    // A full disk is written too, and worn out, until it is full.
    [TestMethod]
    public void WritesFail_ThePauseBeginsAsAfterASuccessAndDoublesUpToAnHour()
    {
        var pauses = Enumerable.Range(0, 5).Select(_ => _pace.After(100_000_000, isKept: false).TotalSeconds).ToArray();
        CollectionAssert.AreEqual(new[] { 500.0, 1000, 2000, 3600, 3600 }, pauses);
        Assert.AreEqual(TimeSpan.FromSeconds(500), _pace.After(100_000_000, isKept: true));
        Assert.AreEqual(TimeSpan.FromSeconds(500), _pace.After(100_000_000, isKept: false));
    }

    [TestMethod]
    public void WriteOfAGreatTreeFails_ThePauseIsNoShorterThanAfterASuccess() =>
        Assert.AreEqual(TimeSpan.FromSeconds(10_000), _pace.After(2_000_000_000, isKept: false));
}
