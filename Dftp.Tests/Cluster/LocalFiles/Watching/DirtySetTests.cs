using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.FileSystem;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Cluster.LocalFiles.Watching;

[TestClass]
public sealed class DirtySetTests
{
    private static readonly VirtualPath A = VirtualPath.Parse("/a");

    private readonly FakeTimeProvider _time = new(WholeRun.Time);
    private readonly DirtySet _dirty;

    public DirtySetTests() => _dirty = new DirtySet(_time);

    [TestMethod]
    public void TakenDirectories_AreNotTakenAgain()
    {
        _dirty.AddDirectory(A);
        _dirty.AddSubtree(VirtualPath.Parse("/b/c"));
        _dirty.AddEverything();
        var batch = _dirty.Take(out var everything);
        CollectionAssert.AreEquivalent(new[] { "/a", "/b" }, batch.Directories.Select(path => path.Value).ToArray());
        CollectionAssert.AreEquivalent(new[] { "/b/c" }, batch.Subtrees.Select(path => path.Value).ToArray());
        Assert.IsTrue(everything);
        Assert.IsTrue(_dirty.IsEmpty);
        Assert.AreEqual(0, Take().Directories.Count);
    }

    [TestMethod]
    public void FileBeingWritten_IsDueAtOnce_ThenOnceASecond_ThenNoMore()
    {
        _dirty.AddWritten(A);
        Assert.AreEqual(1, Take().Directories.Count);
        _dirty.AddWritten(A);
        _time.Advance(TimeSpan.FromMilliseconds(900));
        _dirty.AddWritten(A);
        Assert.AreEqual(TimeSpan.FromMilliseconds(100), _dirty.NextDue);
        Assert.AreEqual(0, Take().Directories.Count);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.AreEqual(TimeSpan.Zero, _dirty.NextDue);
        Assert.AreEqual(1, Take().Directories.Count);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual(0, Take().Directories.Count);
        Assert.IsNull(_dirty.NextDue);
    }

    [TestMethod]
    public void ClosedFile_IsDueAtOnce()
    {
        _dirty.AddWritten(A);
        Take();
        _dirty.AddWritten(A);
        _dirty.AddDirectory(A);
        Assert.AreEqual(1, Take().Directories.Count);
    }

    [TestMethod]
    [Timeout(10_000)]
    public async Task OnlyDirectoriesDueAtOnce_WakeTheWaiter()
    {
        _dirty.AddWritten(A);
        _dirty.Raise();
        Assert.IsTrue(await _dirty.WaitAsync(TimeSpan.FromHours(1), CancellationToken.None));
        Take();
        _dirty.AddWritten(A);
        _dirty.Raise();
        var waiting = _dirty.WaitAsync(TimeSpan.FromHours(1), CancellationToken.None);
        Assert.IsFalse(waiting.IsCompleted);
        _dirty.AddDirectory(A);
        _dirty.Raise();
        Assert.IsTrue(await waiting);
    }

    private DirtyBatch Take() => _dirty.Take(out _);
}
