from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import LSTM, Dense

model = Sequential()
model.add(LSTM(128, input_shape=(10, 50)))
model.add(LSTM(64))
model.add(Dense(1))
