using System.Security.Cryptography;
using System.Text;
using Dftp.Cluster.LocalFiles;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.LocalFiles;

[TestClass]
public sealed class LocalDigestsTests : IDisposable
{
    private static readonly VirtualPath Path = VirtualPath.Parse("/f");

    private readonly TempRoot _disk = new();
    private readonly DigestCache<FileIdentity, LocalVersion> _known = new(100);
    private readonly FairGate _gate = new(1);

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestMethod]
    public async Task Digest_IsThatOfTheFile_AndIsRemembered()
    {
        Write("abc", ageSeconds: 60);
        foreach (var root in _disk.OpenBoth())
        {
            using (root)
            {
                var (files, digests) = Of(root, new DigestCache<FileIdentity, LocalVersion>(100));
                var file = FactsOf(files);
                Assert.IsNull(digests.Known(Path, file));

                Assert.AreEqual(Sha("abc"), (await digests.ComputeAsync(Path, file, null, Cancellation)).Digest);

                Assert.AreEqual(Sha("abc"), digests.Known(Path, file));
                await using var content = files.Open(Path, file, RangeSpec.Of(new ByteRange(1, 1))).Content!;
                Assert.AreEqual(Sha("abc"), content.KnownDigest);
            }
        }
    }

    [TestMethod]
    public async Task RenamedFile_KeepsItsDigest()
    {
        Write("abc", ageSeconds: 60);
        using var root = _disk.Open();
        var (files, digests) = Of(root, _known);
        File.CreateSymbolicLink(_disk.At("g"), "f");
        await digests.ComputeAsync(Path, FactsOf(files), null, Cancellation);

        Assert.AreEqual(Sha("abc"), digests.Known(VirtualPath.Parse("/g"), FactsOf(files)));
    }

    // The modification time is set back after a write of the same length: only the status time (ctime) reveals it.
    [TestMethod]
    public async Task FileRewrittenWithItsOldTime_IsHashedAgain()
    {
        Write("abc", ageSeconds: 60);
        using var root = LinuxRoot.TryOpen(_disk.Root, TempRoot.Node, default) ?? throw new AssertInconclusiveException("openat2 is not available here");
        var (files, digests) = Of(root, _known);
        var file = FactsOf(files);
        await digests.ComputeAsync(Path, file, null, Cancellation);
        Assert.AreEqual(1, _known.Count);

        var time = File.GetLastWriteTimeUtc(_disk.At("f"));
        File.WriteAllText(_disk.At("f"), "abd");
        File.SetLastWriteTimeUtc(_disk.At("f"), time);

        var now = FactsOf(files);
        Assert.AreEqual(file.Modified, now.Modified);
        Assert.IsNull(digests.Known(Path, file));
        Assert.IsNull(digests.Known(Path, now));
        Assert.AreEqual(now.Version, (await digests.ComputeAsync(Path, file, null, Cancellation)).Now?.Version);
        Assert.AreEqual(Sha("abd"), (await digests.ComputeAsync(Path, now, null, Cancellation)).Digest);
    }

    [TestMethod]
    public async Task FileWithOtherFacts_IsReportedAsChanged_AndARemovedOneAsNotFound()
    {
        Write("abc", ageSeconds: 60);
        using var root = _disk.Open();
        var (files, digests) = Of(root, _known);
        var file = FactsOf(files);
        Write("longer", ageSeconds: 30);

        Assert.AreEqual(6, (await digests.ComputeAsync(Path, file, null, Cancellation)).Now?.Size);
        File.Delete(_disk.At("f"));
        Assert.AreEqual(FileErrorKind.NotFound, (await digests.ComputeAsync(Path, file, null, Cancellation)).Error?.Kind);
    }

    // A second write within the same tick of the file system's clock would be invisible.
    [TestMethod]
    public async Task FileYoungerThanTheClockResolution_IsHashed_AndNotRemembered()
    {
        Write("abc", ageSeconds: 0);
        using var root = _disk.Open();
        var files = LocalParts.Opener(root, _known);
        var file = FactsOf(files);
        var digests = new LocalDigests(files, _known, new RewrittenFiles(default), _gate, new FixedTime(file.Modified.ToDateTimeOffset().AddMilliseconds(5)));

        Assert.AreEqual(Sha("abc"), (await digests.ComputeAsync(Path, file, null, Cancellation)).Digest);
        Assert.AreEqual(0, _known.Count);
    }

    [TestMethod]
    public async Task Hashing_WaitsForItsTurn_AndStopsWhenItsClientLeaves()
    {
        Write("abc", ageSeconds: 60);
        using var root = _disk.Open();
        var (files, digests) = Of(root, _known);
        using var leave = new CancellationTokenSource();
        Task waiting;
        Task<DigestResult> patient;
        using (await _gate.EnterAsync(null, Cancellation))
        {
            waiting = digests.ComputeAsync(Path, FactsOf(files), null, leave.Token).AsTask();
            patient = digests.ComputeAsync(Path, FactsOf(files), null, Cancellation).AsTask();
            Assert.IsFalse(waiting.IsCompleted || patient.IsCompleted);
            await leave.CancelAsync();
            await Assert.ThrowsAsync<OperationCanceledException>(() => waiting);
            Assert.IsFalse(patient.IsCompleted);
        }

        Assert.AreEqual(Sha("abc"), (await patient).Digest);
    }

    // Files of 1 MiB or more are hashed on a dedicated thread.
    [TestMethod]
    public async Task LargeFile_HasTheSameDigestAsASmallOne_AndStopsWhenItsClientLeaves()
    {
        var text = string.Concat(Enumerable.Repeat("0123456789abcdef", 200_000));
        Write(text, ageSeconds: 60);
        using var root = _disk.Open();
        var (files, digests) = Of(root, _known);
        using var left = new CancellationTokenSource();
        await left.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => digests.ComputeAsync(Path, FactsOf(files), null, left.Token).AsTask());
        Assert.AreEqual(Sha(text), (await digests.ComputeAsync(Path, FactsOf(files), null, Cancellation)).Digest);
    }

    [TestMethod]
    public async Task TooManyWaitingRequests_AreBusy()
    {
        Write("abc", ageSeconds: 60);
        using var root = _disk.Open();
        var gate = new FairGate(1, maxWaitingOfOne: 1);
        var files = LocalParts.Opener(root, _known);
        var digests = new LocalDigests(files, _known, new RewrittenFiles(default), gate, TimeProvider.System);
        Task<DigestResult> waiting;
        using (await gate.EnterAsync(null, Cancellation))
        {
            waiting = digests.ComputeAsync(Path, FactsOf(files), null, Cancellation).AsTask();
            Assert.IsFalse(waiting.IsCompleted);

            Assert.AreEqual(FileErrorKind.Busy, (await digests.ComputeAsync(Path, FactsOf(files), null, Cancellation)).Error?.Kind);
        }

        Assert.AreEqual(Sha("abc"), (await waiting).Digest);
    }

    [TestMethod]
    public void Cache_EvictsTheOldest_AndDistinguishesVersions()
    {
        var cache = new DigestCache<int, LocalVersion>(2);
        var version = new LocalVersion(1, UnixTime.FromSeconds(1));
        foreach (var file in new[] { 1, 2, 2, 3 }) cache.Keep(file, version, Sha($"{file}"));

        Assert.AreEqual(2, cache.Count);
        Assert.IsNull(cache.Find(1, version));
        Assert.AreEqual(Sha("3"), cache.Find(3, version));
        Assert.IsNull(cache.Find(3, version with { Size = 2 }));
        Assert.AreEqual((version, Sha("3")), cache.FindAny(3));
    }

    public void Dispose()
    {
        _disk.Dispose();
    }

    private (LocalFileOpener Files, LocalDigests Digests) Of(LocalRoot root, DigestCache<FileIdentity, LocalVersion> known)
    {
        var files = LocalParts.Opener(root, known);
        // One minute after the latest file of the test.
        return (files, new LocalDigests(files, known, new RewrittenFiles(default), _gate, new FixedTime(DateTimeOffset.UtcNow.AddMinutes(1))));
    }

    private static Entry FactsOf(LocalFileOpener files)
    {
        using var opened = files.Open(Path).File!;
        return files.EntryOf(Path, opened, new Entry("f"u8.ToArray(), false, 0, default, 0, TempRoot.Node));
    }

    private void Write(string text, int ageSeconds)
    {
        File.WriteAllText(_disk.At("f"), text);
        if (ageSeconds > 0) File.SetLastWriteTimeUtc(_disk.At("f"), DateTime.UtcNow.AddSeconds(-ageSeconds));
    }

    private static ContentDigest Sha(string text) => new(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
