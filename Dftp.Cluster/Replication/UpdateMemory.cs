namespace Dftp.Cluster.Replication;

/// <summary>An estimate of the memory of all updates that are being read. Thread-safe.</summary>
internal sealed class UpdateMemory(UpdateLimits limits)
{
    private const long Step = 1 << 20;

    private long _taken;

    public UpdateLimits Limits => limits;

    /// <summary>Starts the account of one update. Dispose of it to release its memory.</summary>
    public Share Begin() => new(this);

    /// <summary>The memory of one update. Not thread-safe.</summary>
    internal sealed class Share(UpdateMemory memory) : IDisposable
    {
        private long _used, _granted;

        public UpdateLimits Limits => memory.Limits;

        /// <summary>Reserves memory.</summary>
        /// <exception cref="UpdateFormatException">The limit is reached.</exception>
        public void Take(long bytes)
        {
            _used += bytes;
            if (_used > _granted) Grow();
        }

        public void Dispose()
        {
            Interlocked.Add(ref memory._taken, -_granted);
            _granted = 0;
        }

        private void Grow()
        {
            var wanted = _used - _granted + Step - 1;
            if (Interlocked.Add(ref memory._taken, wanted) > memory.Limits.MaxKeptBytes)
            {
                Interlocked.Add(ref memory._taken, -wanted);
                throw new UpdateFormatException(
                    $"this node has no memory for it: updates may take {memory.Limits.MaxKeptBytes >> 20} MiB", isTooLarge: true);
            }

            _granted += wanted;
        }
    }
}
