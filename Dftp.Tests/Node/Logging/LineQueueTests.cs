using System.Text;
using Dftp.Node.Logging;

namespace Dftp.Tests.Node.Logging;

[TestClass]
public sealed class LineQueueTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [TestMethod]
    public async Task Add_ToAStreamThatHangs_DoesNotWaitAndTellsTheLossLater()
    {
        using var stream = new HangingStream();
        await using (var lines = new LineQueue(stream, lost => $"{lost} lost", TimeProvider.System))
        {
            lines.Add("first");
            Assert.IsTrue(stream.Reached.Wait(Patience));
            for (var i = 0; i < LineQueue.Capacity + 7; i++) lines.Add("line");
            stream.Release.Set();
        }

        var written = Encoding.UTF8.GetString(stream.Written.ToArray()).Split('\n');
        CollectionAssert.AreEqual(new[] { "first", "7 lost", "line" }, written[..3]);
        Assert.AreEqual(LineQueue.Capacity, written.Count(line => line == "line"));
    }

    [TestMethod]
    public async Task Dispose_OfAStreamThatHangs_GivesUp()
    {
        using var stream = new HangingStream();
        var lines = new LineQueue(stream, lost => $"{lost} lost", TimeProvider.System);
        lines.Add("first");
        Assert.IsTrue(stream.Reached.Wait(Patience));

        await lines.DisposeAsync().AsTask().WaitAsync(Patience);

        Assert.AreEqual(0, stream.Written.Length);
        stream.Release.Set();
    }

    [TestMethod]
    public async Task Add_ToABrokenStream_DoesNoHarm()
    {
        using var closed = new MemoryStream();
        await closed.DisposeAsync();
        var lines = new LineQueue(closed, lost => $"{lost} lost", TimeProvider.System);
        lines.Add("one");
        await lines.DisposeAsync();
        lines.Add("after the end");
    }

    private sealed class HangingStream : Stream
    {
        public ManualResetEventSlim Reached { get; } = new();

        public ManualResetEventSlim Release { get; } = new();

        public MemoryStream Written { get; } = new();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count)
        {
            Reached.Set();
            Release.Wait(Patience);
            Written.Write(buffer, offset, count);
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
