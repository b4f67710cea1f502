using System.Text;
using Dftp.Cluster.LocalFiles;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.LocalFiles;

[TestClass]
public sealed class LocalContentTests : IDisposable
{
    private readonly TempRoot _temp = new();

    public void Dispose() => _temp.Dispose();

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    [TestMethod]
    public async Task Range_IsReadExactlyToItsEnd()
    {
        await using var content = Open("0123456789", new ByteRange(3, 5));
        var read = new MemoryStream();
        var buffer = new byte[2];
        for (int count; (count = await content.ReadAsync(buffer, Stop)) > 0;) read.Write(buffer, 0, count);
        Assert.AreEqual(5, content.Length);
        Assert.AreEqual("34567", Encoding.UTF8.GetString(read.ToArray()));
    }

    [TestMethod]
    public async Task Region_NamesTheOpenFileAndTheRange()
    {
        await using var content = Open("0123456789", new ByteRange(3, 5));
        var region = content.Region!.Value;
        var bytes = new byte[region.Length];
        Assert.AreEqual(5, RandomAccess.Read(region.Handle, bytes, region.Offset));
        Assert.AreEqual("34567", Encoding.UTF8.GetString(bytes));
    }

    [TestMethod]
    public async Task AnotherRange_IsReadFromTheSameOpenFile()
    {
        var content = Open("0123456789", new ByteRange(3, 5));
        File.WriteAllText(_temp.At("new"), "abcdefghij");
        File.Move(_temp.At("new"), _temp.At("file"), overwrite: true);
        await using var other = content.Another(new ByteRange(8, 2))!;
        await content.DisposeAsync();

        var buffer = new byte[10];
        Assert.AreEqual(2, await other.ReadAsync(buffer, Stop));
        Assert.AreEqual("89", Encoding.UTF8.GetString(buffer, 0, 2));
        Assert.AreEqual(0, await other.ReadAsync(buffer, Stop));
    }

    [TestMethod]
    public async Task EmptyRange_EndsAtOnce()
    {
        await using var content = Open("", new ByteRange(0, 0));
        Assert.AreEqual(0, await content.ReadAsync(new byte[10], Stop));
    }

    // Nothing is padded.
    [TestMethod]
    public async Task TruncatedFile_ThrowsAfterTheRemainingBytes()
    {
        await using var content = Open("0123456789", new ByteRange(0, 10));
        File.WriteAllText(_temp.At("file"), "0123");
        var buffer = new byte[10];
        Assert.AreEqual(4, await content.ReadAsync(buffer, Stop));
        var error = await Assert.ThrowsExactlyAsync<FileContentException>(async () => await content.ReadAsync(buffer, Stop));
        Assert.AreEqual(FileErrorKind.Failed, error.Error.Kind);
        StringAssert.StartsWith(error.Message, "/file on here: ");
    }

    [TestMethod]
    public async Task RemovedFile_IsReadToItsEnd()
    {
        await using var content = Open("0123456789", new ByteRange(0, 10));
        File.Delete(_temp.At("file"));
        Assert.AreEqual(10, await content.ReadAsync(new byte[10], Stop));
    }

    [TestMethod]
    public async Task CancelledRead_Throws()
    {
        await using var content = Open("0123456789", new ByteRange(0, 10));
        await Assert.ThrowsExactlyAsync<TaskCanceledException>(
            async () => await content.ReadAsync(new byte[10], new CancellationToken(true)));
    }

    [TestMethod]
    public async Task Dispose_ClosesTheFile()
    {
        var content = Open("0123456789", new ByteRange(0, 10));
        var handle = content.Region!.Value.Handle;
        await content.DisposeAsync();
        Assert.IsTrue(handle.IsClosed);
    }

    [TestMethod]
    public void RangeBeyondTheFile_Throws() =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Open("0123", new ByteRange(0, 5)));

    private LocalContent Open(string text, ByteRange range)
    {
        _temp.File("file", text);
        using var root = _temp.Open();
        return new LocalContent(root.OpenFile(VirtualPath.Parse("/file")).File!, range);
    }
}
