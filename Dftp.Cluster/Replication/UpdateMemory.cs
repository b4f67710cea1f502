namespace Dftp.Cluster.Replication;

/// <summary>The memory that updates take which are read at the same time, by estimate. Safe for many at once.</summary>
internal sealed class UpdateMemory(UpdateLimits limits)
{
    private const long Step = 1 << 20;

    private long _taken;

    public UpdateLimits Limits => limits;

    /// <summary>Begins with nothing; what is taken is given back by disposing of it.</summary>
    public Share Begin() => new(this);

    /// <summary>What one update has taken. For one thread at a time.</summary>
    internal sealed class Share(UpdateMemory memory) : IDisposable
    {
        private long _used, _granted;

        public UpdateLimits Limits => memory.Limits;

        /// <summary>Takes more.</summary>
        /// <exception cref="UpdateFormatException">There is no more.</exception>
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
                throw new UpdateFormatException($"this node has no memory for it: updates may take {memory.Limits.MaxKeptBytes >> 20} MiB", isTooLarge: true);
            }

            _granted += wanted;
        }
    }
}
