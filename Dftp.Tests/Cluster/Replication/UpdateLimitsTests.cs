using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Dftp.Cluster.Management;
using Dftp.Cluster.Replication;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Replication;

/// <summary>A few compressed megabytes can become any number of entries: what an update costs its receiver is bounded.</summary>
[TestClass]
public sealed class UpdateLimitsTests
{
    private const string Full = "\"Full\":true", Change = "\"Full\":false";

    private static string ManyFiles => Entries(number => $"d/{number}");

    private static string ManyDirectories => Entries(number => $"{number}", isDirectory: true);

    private static string DeepPaths => Entries(number => $"{number}/{string.Join('/', Enumerable.Repeat("a", 500))}");

    public static IEnumerable<object[]> Floods =>
    [
        ["files", $"{Full},{ManyFiles}"], ["directories", $"{Full},{ManyDirectories}"], ["deep", $"{Full},{DeepPaths}"],
        ["changes", $"{Change},{ManyFiles}"], ["changed directories", $"{Change},{ManyDirectories}"], ["deep changes", $"{Change},{DeepPaths}"],
        ["deletions", $"{Change},{Entries(number => $"d/{number}", size: -1)}"], ["early", $"{ManyFiles},{Full}"],
    ];

    [TestMethod]
    [DynamicData(nameof(Floods))]
    public async Task MoreThanTheMemoryForUpdates_IsRefusedAsTooLarge_AndReadNoFurther(string what, string members)
    {
        var limits = new UpdateLimits { MaxKeptBytes = 1 << 20 };
        var source = new EndlessFlood($"{{\"SenderNodeName\":\"x\",{members}");

        var error = await RefusalOf(source, limits);

        Assert.IsTrue(error.IsTooLarge, what);
        StringAssert.Contains(error.Message, "1 MiB");
        Assert.IsTrue(source.Sent < 4 << 20, $"{what}: it read {source.Sent} bytes");
    }

    [TestMethod]
    public async Task FilesBeforeFull_AreHeldUpToALimitOfTheirOwn()
    {
        var source = new EndlessFlood($"{{\"SenderNodeName\":\"x\",{ManyFiles}");

        var error = await RefusalOf(source, new UpdateLimits { MaxEarlyBytes = 1 << 20 });

        Assert.IsTrue(error.IsTooLarge);
        StringAssert.Contains(error.Message, "put Full first");
        Assert.IsTrue(source.Sent < 4 << 20, $"it read {source.Sent} bytes");
    }

    [TestMethod]
    public async Task MoreEntriesThanAllowed_AreRefusedThoughTheyAreLeftOut()
    {
        var source = new EndlessFlood($"{{\"SenderNodeName\":\"x\",{Full},{Entries(_ => "b\\u0007d")}");

        var error = await RefusalOf(source, new UpdateLimits { MaxEntries = 1000 });

        Assert.IsTrue(error.IsTooLarge);
        StringAssert.Contains(error.Message, "1000 entries");
    }

    [TestMethod]
    [DataRow(15, true)]
    [DataRow(16, false)]
    [DataRow(100_000, false)]
    public async Task DeepJson_IsRefused_AlsoInMembersThatAreNotRead(int levels, bool isRead)
    {
        var message = $"{{\"SenderNodeName\":\"x\",{Full},\"Unknown\":{new string('[', levels)}{new string(']', levels)},\"Files\":[]}}";
        using var memory = new UpdateMemory(new UpdateLimits()).Begin();

        var reading = ReadAsync(PipeReader.Create(new MemoryStream(Encoding.UTF8.GetBytes(message))), memory);

        if (isRead) await reading;
        else await Assert.ThrowsExactlyAsync<UpdateFormatException>(() => reading);
    }

    // A few bytes can decompress to any number of them.
    [TestMethod]
    public async Task MoreDecompressedBytesThanAllowed_AreRefusedAsTooLarge()
    {
        var source = new EndlessFlood($"{{\"SenderNodeName\":\"x\",{Full},{ManyFiles}");
        using var memory = new UpdateMemory(new UpdateLimits()).Begin();

        var error = await Assert.ThrowsExactlyAsync<UpdateFormatException>(
            () => ReadAsync(PipeReader.Create(new BoundedStream(source, limit: 1 << 20)), memory));

        Assert.IsTrue(error.IsTooLarge);
        Assert.IsTrue(source.Sent < 2 << 20, $"it read {source.Sent} bytes");
    }

    // The largest tree that this is built for: ten million files of one node, whose entries have up to 300 bytes from a legacy node.
    [TestMethod]
    public async Task TreeOfTenMillionFiles_Fits()
    {
        const int Files = 100_000, Share = 100;
        var entries = string.Join(',', Enumerable.Range(0, Files).Select(number => Entry($"photos/{number % 1000}/IMG_{number:D8}.jpeg")));
        var limits = new UpdateLimits { MaxKeptBytes = (1L << 30) / Share };
        using var memory = new UpdateMemory(limits).Begin();

        var read = await ReadAsync(
            PipeReader.Create(new MemoryStream(Encoding.UTF8.GetBytes($"{{\"SenderNodeName\":\"x\",{Full},\"Files\":[{entries}]}}"))), memory);

        Assert.AreEqual(Files, read.Entries);
        Assert.IsTrue(new UpdateLimits().MaxEntries >= Files * Share);
        Assert.IsTrue(new UpdateLimits().MaxBytes >= 300L * Files * Share);
    }

    [TestMethod]
    public void UpdatesThatAreReadAtOnce_ShareTheMemory_AndGiveItBack()
    {
        var memory = new UpdateMemory(new UpdateLimits { MaxKeptBytes = 10 << 20 });
        using var first = memory.Begin();
        first.Take(6 << 20);
        using (var second = memory.Begin())
        {
            second.Take(2 << 20);
            Assert.ThrowsExactly<UpdateFormatException>(() => second.Take(6 << 20));
        }

        using var third = memory.Begin();
        Assert.ThrowsExactly<UpdateFormatException>(() => third.Take(6 << 20));
        first.Dispose();
        using var fourth = memory.Begin();
        fourth.Take(6 << 20);
    }

    private static Task<ReceivedUpdate> ReadAsync(PipeReader body, UpdateMemory.Share memory) =>
        UpdateReader.ReadAsync(body, memory, Stamp.Max, default);

    private static async Task<UpdateFormatException> RefusalOf(EndlessFlood source, UpdateLimits limits)
    {
        using var memory = new UpdateMemory(limits).Begin();
        return await Assert.ThrowsExactlyAsync<UpdateFormatException>(() => ReadAsync(PipeReader.Create(source), memory));
    }

    /// <summary>The beginning of Files with 20,000 entries.</summary>
    private static string Entries(Func<int, string> path, bool isDirectory = false, long size = 1) =>
        $"\"Files\":[{string.Join(',', Enumerable.Range(0, 20_000).Select(number => Entry(path(number), isDirectory, size)))}";

    private static string Entry(string path, bool isDirectory = false, long size = 1) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"FullName\":\"{path}\",\"Dir\":{(isDirectory ? "true" : "false")},\"LastModified\":1476551310,\"LastInfoUpdated\":1477224426,\"SizeInBytes\":{size},\"FileMode\":420}}");

    /// <summary>A message that never ends.</summary>
    private sealed class EndlessFlood(string beginning) : Stream
    {
        private readonly byte[] _bytes = Encoding.UTF8.GetBytes(beginning);

        public long Sent { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = 0;
            if (Sent < _bytes.Length)
            {
                count = (int)Math.Min(buffer.Length, _bytes.Length - Sent);
                _bytes.AsSpan((int)Sent, count).CopyTo(buffer.Span);
            }
            else
            {
                // More entries, each whole.
                var entry = Encoding.UTF8.GetBytes("," + Entry($"more/{Sent}"));
                if (entry.Length > buffer.Length) throw new InvalidOperationException("the buffer is too small for an entry");
                for (; count + entry.Length <= buffer.Length; count += entry.Length) entry.CopyTo(buffer.Span[count..]);
            }

            Sent += count;
            return new(count);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
