using Dftp.Cluster.Door;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Cluster.Door;

[TestClass]
public sealed class NonceMemoryTests
{
    private readonly FakeTimeProvider _time = new();

    [TestMethod]
    public void NumbersOfASequence_AreAcceptedInOrderAndOnce()
    {
        var memory = new NonceMemory();

        Assert.AreEqual(NonceOutcome.Fresh, memory.Accept(new Nonce(1, 1), _time));
        Assert.AreEqual(NonceOutcome.Fresh, memory.Accept(new Nonce(1, 3), _time));
        Assert.AreEqual(NonceOutcome.Replayed, memory.Accept(new Nonce(1, 3), _time));
        Assert.AreEqual(NonceOutcome.Replayed, memory.Accept(new Nonce(1, 2), _time));
        Assert.AreEqual(NonceOutcome.Fresh, memory.Accept(new Nonce(2, 1), _time));
    }

    // A signature of a clock that is 60 s ahead is valid for 120 s.
    [TestMethod]
    public void Nonce_IsRememberedAsLongAsItsSignatureCanBeValid()
    {
        for (var start = 0; start < 120; start += 7)
        {
            var memory = new NonceMemory();
            memory.Accept(new Nonce(9, 1), _time);
            _time.Advance(TimeSpan.FromSeconds(start));
            memory.Accept(new Nonce(1, 1), _time);
            for (var later = 1; later <= 120; later++)
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                Assert.AreEqual(NonceOutcome.Replayed, memory.Accept(new Nonce(1, 1), _time));
            }
        }
    }

    [TestMethod]
    public void FullMemory_RefusesNewSequencesAndServesTheKnown_UntilTheyAreForgotten()
    {
        var memory = new NonceMemory(capacity: 10);
        for (var i = 1UL; i <= 10; i++) memory.Accept(new Nonce(i, 1), _time);

        Assert.AreEqual(NonceOutcome.Full, memory.Accept(new Nonce(11, 1), _time));
        Assert.AreEqual(NonceOutcome.Fresh, memory.Accept(new Nonce(10, 2), _time));
        Assert.AreEqual(NonceOutcome.Replayed, memory.Accept(new Nonce(10, 2), _time));
        _time.Advance(NonceMemory.Lifetime);
        Assert.AreEqual(NonceOutcome.Fresh, memory.Accept(new Nonce(11, 1), _time));
    }

    [TestMethod]
    [DataRow("9c0f5d2f1b7a4c33-1a", true)]
    [DataRow("9c0f5d2f1b7a4c33-", false)]
    [DataRow("9c0f5d2f1b7a4c33-0", false)]
    [DataRow("9c0f5d2f1b7a4c3-1", false)]
    [DataRow("9c0f5d2f1b7a4c33-11111111111111111", false)]
    [DataRow("9c0f5d2f1b7a4c3g-1", false)]
    [DataRow("", false)]
    public void Nonce_HasOneForm(string text, bool isOne)
    {
        Assert.AreEqual(isOne, Nonce.TryParse(System.Text.Encoding.ASCII.GetBytes(text), out var nonce));
        if (isOne) Assert.AreEqual(text, nonce.ToString());
    }
}
