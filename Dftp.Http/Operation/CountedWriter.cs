using System.IO.Pipelines;

namespace Dftp.Http.Operation;

/// <summary>
/// A writer that counts bytes as they are written. It uses the inner writer's buffer, until a refusal makes it drop them.
/// </summary>
internal sealed class CountedWriter(PipeWriter inner, ByteCount count, Refusal? refusal = null) : PipeWriter
{
    private bool IsMute => refusal is { MutesServer: true };

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => IsMute ? new byte[Math.Max(sizeHint, 4096)] : inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        if (IsMute) return;
        inner.Advance(bytes);
        count.Add(bytes);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (IsMute) return new(new FlushResult(isCanceled: false, isCompleted: false));
        count.Add(source.Length);
        return inner.WriteAsync(source, cancellationToken);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
}
